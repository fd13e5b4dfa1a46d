//! `ResolveContainerPort`, `pkg/probe/util.go`.

use super::words::integer;
use crate::kubelet::{ContainerPort, Port};

/// The number of a port, or Go's words for why there is none.
pub(super) fn resolve(port: &Port, ports: &[ContainerPort]) -> Result<u16, String> {
    let number = match port {
        Port::Number(number) => i64::from(*number),
        Port::Name(name) => match ports.iter().find(|port| port.name.as_ref() == Some(name)) {
            Some(found) => i64::from(found.container_port),
            None => integer("Atoi", name)?,
        },
    };
    u16::try_from(number)
        .ok()
        .filter(|&number| number > 0)
        .ok_or_else(|| format!("invalid port number: {number}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_is_looked_up_and_else_read_as_a_number() {
        let named = |name: &str, container_port| ContainerPort { name: Some(name.into()), container_port };
        let ports = [ContainerPort { name: None, container_port: 1 }, named("web", 8080), named("81", 82)];
        let name = |name: &str| Port::Name(name.into());
        for (port, expected) in [
            (Port::Number(80), Ok(80)),
            (name("web"), Ok(8080)),
            (name("81"), Ok(82)),
            (name("8080"), Ok(8080)),
            (name("+8080"), Ok(8080)),
            (name("metrics"), Err("strconv.Atoi: parsing \"metrics\": invalid syntax")),
            (name(""), Err("strconv.Atoi: parsing \"\": invalid syntax")),
            (
                name("99999999999999999999"),
                Err("strconv.Atoi: parsing \"99999999999999999999\": value out of range"),
            ),
            (name("0"), Err("invalid port number: 0")),
            (name("-1"), Err("invalid port number: -1")),
            (Port::Number(65536), Err("invalid port number: 65536")),
        ] {
            assert_eq!(resolve(&port, &ports), expected.map_err(str::to_owned), "{port:?}");
        }
    }
}
