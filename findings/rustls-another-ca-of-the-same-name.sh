#!/bin/sh
# Guess:    a server certificate of an authority that the client does not trust is refused as `UnknownIssuer`, whatever that
#           authority is called; so is a self-signed one.
# Instead:  issuers are found by subject name, the authority key identifier does not count: where the untrusted authority has
#           the name of a trusted one (a cluster rebuilt under its old name, a renewed CA with a new key) the refusal is
#           `BadSignature`, as if the certificate were damaged. A self-signed server certificate with CA:TRUE (the default of
#           `openssl req -x509`) is `Other(CaUsedAsEndEntity)`, before its issuer is looked for. All are rightly refused; a
#           program that says "not signed by this CA" at `UnknownIssuer` alone says it too seldom.
# Seen:     rustls 0.23.46, rustls-webpki 0.103.16 (ring); certificates by rcgen 0.14.10; cargo 1.95.0
#             trusted: Ok(())
#             stranger: Err(InvalidCertificate(UnknownIssuer))
#             namesake: Err(InvalidCertificate(BadSignature))
#             both-trusted: Ok(())
#             self-signed: Err(InvalidCertificate(UnknownIssuer))
#             self-signed-ca: Err(InvalidCertificate(Other(OtherError(CaUsedAsEndEntity))))
#           OpenSSL 3.0.19, for comparison only, on the same files: namesake "error 20 at 0 depth lookup: unable to get local
#           issuer certificate", self-signed-ca "error 18 at 0 depth lookup: self-signed certificate".
# Needs:    cargo, a C compiler (ring). Exits 0 while this holds, 1 once it changes, 77 where it cannot run.
set -eu

command -v cargo >/dev/null || { echo "skipped: needs cargo"; exit 77; }
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
mkdir "$dir/src"

cat >"$dir/Cargo.toml" <<'TOML'
[package]
name = "same-name"
version = "0.0.0"
edition = "2021"

[dependencies]
rcgen = { version = "=0.14.10", default-features = false, features = ["crypto", "pem", "ring"] }
rustls = { version = "=0.23.46", default-features = false, features = ["ring", "std", "tls12"] }
rustls-webpki = { version = "=0.103.16", default-features = false, features = ["ring", "std"] }

[profile.dev]
debug = false
TOML

cat >"$dir/src/main.rs" <<'RUST'
use std::path::Path;
use std::sync::Arc;

use rcgen::{BasicConstraints, CertificateParams, CertifiedIssuer, DnType, IsCa, KeyPair, KeyUsagePurpose};
use rustls::client::danger::ServerCertVerifier;
use rustls::client::WebPkiServerVerifier;
use rustls::pki_types::{CertificateDer, ServerName, UnixTime};
use rustls::{Error, RootCertStore};

type Ca = CertifiedIssuer<'static, KeyPair>;

/// A new authority, with a key of its own.
fn authority(name: &str) -> Ca {
    let mut params = CertificateParams::new(Vec::new()).unwrap();
    params.distinguished_name.push(DnType::CommonName, name);
    params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    params.key_usages = vec![KeyUsagePurpose::KeyCertSign, KeyUsagePurpose::CrlSign];
    CertifiedIssuer::self_signed(params, KeyPair::generate().unwrap()).unwrap()
}

fn server() -> CertificateParams {
    let mut params = CertificateParams::new(vec!["localhost".to_owned()]).unwrap();
    params.distinguished_name.push(DnType::CommonName, "server");
    params.use_authority_key_identifier_extension = true;
    params
}

fn issued_by(ca: &Ca) -> rcgen::Certificate {
    server().signed_by(&KeyPair::generate().unwrap(), ca).unwrap()
}

fn self_signed(is_ca: IsCa) -> rcgen::Certificate {
    let mut params = server();
    params.is_ca = is_ca;
    params.self_signed(&KeyPair::generate().unwrap()).unwrap()
}

/// What a client that trusts `trusted` makes of a server that presents `leaf` for localhost.
fn verify(trusted: &[&Ca], leaf: &CertificateDer) -> Result<(), Error> {
    let mut roots = RootCertStore::empty();
    for ca in trusted {
        roots.add(ca.der().clone()).unwrap();
    }
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let verifier = WebPkiServerVerifier::builder_with_provider(Arc::new(roots), provider).build().unwrap();
    let name = ServerName::try_from("localhost").unwrap();
    verifier.verify_server_cert(leaf, &[], &name, &[], UnixTime::now()).map(|_| ())
}

fn main() {
    let trusted = authority("cluster CA");
    let namesake = authority("cluster CA");
    let stranger = authority("another CA");
    let cases: [(&str, &[&Ca], rcgen::Certificate); 6] = [
        ("trusted", &[&trusted], issued_by(&trusted)),
        ("stranger", &[&trusted], issued_by(&stranger)),
        ("namesake", &[&trusted], issued_by(&namesake)),
        ("both-trusted", &[&trusted, &namesake], issued_by(&namesake)),
        ("self-signed", &[&trusted], self_signed(IsCa::NoCa)),
        ("self-signed-ca", &[&trusted], self_signed(IsCa::Ca(BasicConstraints::Unconstrained))),
    ];
    let dir = std::env::args().nth(1).unwrap();
    std::fs::write(Path::new(&dir).join("ca.pem"), trusted.pem()).unwrap();
    for (case, roots, leaf) in cases {
        std::fs::write(Path::new(&dir).join(format!("{case}.pem")), leaf.pem()).unwrap();
        println!("{case}: {:?}", verify(roots, leaf.der()));
    }
}
RUST

cargo --version
cargo run --quiet --manifest-path "$dir/Cargo.toml" --target-dir "$dir/target" -- "$dir" >"$dir/seen"
cat "$dir/seen"
if command -v openssl >/dev/null; then
    openssl version
    for case in namesake self-signed-ca; do
        echo "$case: $(openssl verify -CAfile "$dir/ca.pem" "$dir/$case.pem" 2>&1 | grep '^error [0-9]')"
    done
fi

cat >"$dir/expected" <<'TEXT'
trusted: Ok(())
stranger: Err(InvalidCertificate(UnknownIssuer))
namesake: Err(InvalidCertificate(BadSignature))
both-trusted: Ok(())
self-signed: Err(InvalidCertificate(UnknownIssuer))
self-signed-ca: Err(InvalidCertificate(Other(OtherError(CaUsedAsEndEntity))))
TEXT
cmp -s "$dir/expected" "$dir/seen" || { echo "changed: expected"; cat "$dir/expected"; exit 1; }
