//! An API server behind TLS: who is trusted, who is not, and how we show who we are.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use e2e::gate::Gate;
use e2e::lab::{self, put, watched};
use e2e::objects::pod;
use e2e::tls::{Authority, Front, Identity};
use probesim::lab::{Cut, Server};
use serde_json::{Value, json};

/// A lab with a ready pod behind a front for `localhost`.
struct Site {
    server: Server,
    front: Front,
    authority: Authority,
}

impl Site {
    async fn new(name: &str, clients: Option<&Authority>) -> Self {
        let server = lab::start().await;
        put(&server, pod("web", true));
        let authority = Authority::new();
        let front = Front::start(server.address(), &authority.sign(name), clients).await;
        Self { server, front, authority }
    }

    /// A kubeconfig that reaches the front by `host`.
    fn kubeconfig(&self, host: &str, mut cluster: Value, user: Value) -> String {
        cluster["server"] = json!(format!("https://{host}:{}", self.front.address.port()));
        json!({
            "apiVersion": "v1", "kind": "Config", "current-context": "c",
            "clusters": [{"name": "c", "cluster": cluster}],
            "users": [{"name": "u", "user": user}],
            "contexts": [{"name": "c", "context": {"cluster": "c", "user": "u"}}],
        })
        .to_string()
    }

    fn authority(&self) -> Value {
        json!({"certificate-authority-data": STANDARD.encode(self.authority.certificate())})
    }

    fn client(identity: &Identity) -> Value {
        json!({"client-certificate-data": STANDARD.encode(&identity.certificate),
               "client-key-data": STANDARD.encode(&identity.key)})
    }
}

fn once(kubeconfig: &str) -> Gate {
    e2e::gate!().kubeconfig(kubeconfig).args("pod/web --once")
}

#[tokio::test]
async fn a_server_whose_authority_is_in_the_kubeconfig_is_trusted() {
    let site = Site::new("localhost", None).await;
    once(&site.kubeconfig("localhost", site.authority(), json!({}))).run().await.expect(0);
}

#[tokio::test]
async fn a_server_of_another_authority_is_not_trusted_and_that_is_said() {
    let site = Site::new("localhost", None).await;
    let stranger = json!({"certificate-authority-data": STANDARD.encode(Authority::new().certificate())});
    let ended = once(&site.kubeconfig("localhost", stranger, json!({}))).run().await.expect(4);
    ended.saying("not trusted").saying("signed by an unknown issuer").between(0.0, 3.0);
    let ended = once(&site.kubeconfig("localhost", json!({}), json!({}))).run().await;
    ended.expect(4).saying("not trusted");
    assert_eq!(site.server.request_count(), 0, "nothing was sent to it");
}

#[tokio::test]
async fn a_certificate_for_another_name_is_not_trusted_unless_that_name_is_expected() {
    let site = Site::new("api.internal", None).await;
    let ended = once(&site.kubeconfig("localhost", site.authority(), json!({}))).run().await;
    ended.expect(4).saying("not trusted").saying("api.internal");
    let mut cluster = site.authority();
    cluster["tls-server-name"] = json!("api.internal");
    once(&site.kubeconfig("localhost", cluster, json!({}))).run().await.expect(0);
}

#[tokio::test]
async fn an_address_is_as_good_as_a_name() {
    let site = Site::new("127.0.0.1", None).await;
    once(&site.kubeconfig("127.0.0.1", site.authority(), json!({}))).run().await.expect(0);
}

#[tokio::test]
async fn who_skips_verification_is_let_through() {
    let site = Site::new("localhost", None).await;
    let cluster = json!({"insecure-skip-tls-verify": true});
    once(&site.kubeconfig("localhost", cluster, json!({}))).run().await.expect(0);
}

#[tokio::test]
async fn a_client_certificate_is_shown() {
    let clients = Authority::new();
    let site = Site::new("localhost", Some(&clients)).await;
    let user = Site::client(&clients.sign("wait-for"));
    once(&site.kubeconfig("localhost", site.authority(), user)).run().await.expect(0);
}

#[tokio::test]
async fn without_a_client_certificate_such_a_server_does_not_open() {
    let clients = Authority::new();
    let site = Site::new("localhost", Some(&clients)).await;
    for user in [json!({}), Site::client(&Authority::new().sign("somebody"))] {
        let ended = once(&site.kubeconfig("localhost", site.authority(), user)).run().await;
        assert_ne!(ended.code, Some(0), "{ended}");
    }
    assert_eq!(site.server.request_count(), 0);
}

#[tokio::test]
async fn an_authority_that_is_mended_during_the_wait_is_used() {
    let site = Site::new("localhost", None).await;
    let files = e2e::scratch::Scratch::new();
    let path = files.write("ca.crt", Authority::new().certificate());
    let kubeconfig = site.kubeconfig("localhost", json!({"certificate-authority": path}), json!({}));
    let gate = e2e::gate!().kubeconfig(&kubeconfig).args("pod/web --timeout=60s").start();
    gate.process.until_says("not trusted").await;
    files.write("ca.crt", site.authority.certificate());
    gate.ended().await.expect(0).between(0.0, 8.0);
}

#[tokio::test]
async fn a_wait_over_tls_opens_when_the_condition_becomes_true() {
    let site = Site::new("localhost", None).await;
    put(&site.server, pod("web", false));
    let kubeconfig = site.kubeconfig("localhost", site.authority(), json!({}));
    let gate = e2e::gate!().kubeconfig(&kubeconfig).args("pod/web --timeout=60s").start();
    watched(&site.server).await;
    put(&site.server, pod("web", true));
    gate.ended().await.expect(0);
}

#[tokio::test]
async fn a_rotated_authority_is_read_from_its_file_and_the_wait_goes_on() {
    let site = Site::new("localhost", None).await;
    put(&site.server, pod("web", false));
    let files = e2e::scratch::Scratch::new();
    let file = files.write("ca.crt", site.authority.certificate());
    let kubeconfig = site.kubeconfig("localhost", json!({"certificate-authority": file}), json!({}));
    let gate = e2e::gate!().kubeconfig(&kubeconfig).args("pod/web --timeout=30s").start();
    watched(&site.server).await;
    let next = Authority::new();
    site.front.rotate(&next.sign("localhost"));
    site.server.faults().cut(Cut::Reset);
    put(&site.server, pod("web", true));
    files.write("ca.crt", next.certificate());
    gate.ended().await.expect(0).between(0.0, 20.0);
}

#[tokio::test]
async fn a_certificate_that_a_plugin_gives_is_shown() {
    let clients = Authority::new();
    let site = Site::new("localhost", Some(&clients)).await;
    let identity = clients.sign("wait-for");
    let version = "client.authentication.k8s.io/v1";
    let status = json!({"clientCertificateData": identity.certificate, "clientKeyData": identity.key});
    let files = e2e::scratch::Scratch::new();
    let credential = json!({"apiVersion": version, "kind": "ExecCredential", "status": status});
    let path = files.write("credential", credential.to_string());
    let user = json!({"exec": {"apiVersion": version, "command": "cat", "args": [path]}});
    once(&site.kubeconfig("localhost", site.authority(), user)).run().await.expect(0);
}
