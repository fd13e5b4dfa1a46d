//! `/etc/hosts`: an address and its names on each line. <https://man7.org/linux/man-pages/man5/hosts.5.html>

use std::net::IpAddr;

/// All addresses of a name, whichever lines they are on: `nss_files` of glibc for `AF_UNSPEC`.
pub(super) fn addresses(text: &str, name: &str) -> Vec<IpAddr> {
    let mut found = Vec::new();
    for line in text.lines() {
        let mut words = line.split('#').next().unwrap_or_default().split_ascii_whitespace();
        let Some(Ok(ip)) = words.next().map(str::parse) else { continue };
        if words.any(|word| word.eq_ignore_ascii_case(name)) && !found.contains(&ip) {
            found.push(ip);
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    const HOSTS: &str = "127.0.0.1\tlocalhost\n::1  localhost ip6-localhost # loopback\n\
                         10.0.0.5 db.shop db\n#10.0.0.6 db\n  fd00::5 DB\n10.0.0.5 db\n\
                         nonsense db\n10.0.0.7\n10.0.0.8 other # db\n";

    #[test]
    fn a_name_may_be_an_alias_and_stand_on_several_lines() {
        for (name, expected) in [
            ("db", &["10.0.0.5", "fd00::5"][..]),
            ("db.shop", &["10.0.0.5"]),
            ("Localhost", &["127.0.0.1", "::1"]),
            ("db.", &[]),
            ("shop", &[]),
            ("loopback", &[]),
        ] {
            let found: Vec<String> = addresses(HOSTS, name).iter().map(IpAddr::to_string).collect();
            assert_eq!(found, expected, "{name}");
        }
    }
}
