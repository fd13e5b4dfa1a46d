//! A kubeconfig for the lab.

use std::net::SocketAddr;

use serde_json::{Value, json};

/// A kubeconfig with one context (`lab`); JSON, which is YAML too.
pub(in crate::lab) fn kubeconfig(address: SocketAddr, namespace: &str, token: Option<&str>) -> String {
    let user = token.map_or(json!({}), |token| json!({"token": token}));
    // The JavaScript client asks for a certificate even where there is no TLS, unless it is told not to.
    let cluster = json!({"server": format!("http://{address}"), "insecure-skip-tls-verify": true});
    let config: Value = json!({
        "apiVersion": "v1",
        "kind": "Config",
        "clusters": [{"name": "lab", "cluster": cluster}],
        "users": [{"name": "lab", "user": user}],
        "contexts": [{"name": "lab", "context": {"cluster": "lab", "user": "lab", "namespace": namespace}}],
        "current-context": "lab",
    });
    format!("{config:#}\n")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_names_the_server_the_namespace_and_the_token() {
        let text = kubeconfig("127.0.0.1:80".parse().unwrap(), "shop", Some("t"));
        let config: Value = serde_json::from_str(&text).unwrap();
        assert_eq!(config["clusters"][0]["cluster"]["server"], "http://127.0.0.1:80");
        assert_eq!(config["contexts"][0]["context"]["namespace"], "shop");
        assert_eq!(config["users"][0]["user"]["token"], "t");
    }
}
