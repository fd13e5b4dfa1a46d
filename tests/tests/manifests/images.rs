//! The Dockerfiles, and what kustomize makes of the bases.

use std::fs;
use std::process::Command;

use crate::container;
use crate::file::{File, root};
use crate::security::USER;

/// A Dockerfile's instructions, without comments.
fn instructions(program: &str) -> Vec<(String, String)> {
    let path = root().join("deploy").join(format!("{program}.Dockerfile"));
    let text = fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
    let lines = text.lines().filter(|line| !line.starts_with('#'));
    lines
        .filter_map(|line| line.split_once(' '))
        .map(|(instruction, rest)| (instruction.to_owned(), rest.to_owned()))
        .collect()
}

/// Each program's image, and which of the static binaries it holds.
const HELD: [(&str, &str); 2] = [("wait-for", "wait-for"), ("probesim", "probesim-serve")];

#[test]
fn images_hold_one_static_binary_and_run_it_as_a_numbered_user() {
    for (program, binary) in HELD {
        let mut expected = vec![
            ("FROM", "scratch".to_owned()),
            ("COPY", format!("out/{binary} /{program}")),
            ("USER", format!("{USER}:{USER}")),
            ("ENTRYPOINT", format!("[\"/{program}\"]")),
        ];
        if program == "probesim" {
            expected.insert(3, ("EXPOSE", "8080".to_owned()));
        }
        let expected: Vec<_> = expected.into_iter().map(|(name, rest)| (name.to_owned(), rest)).collect();
        assert_eq!(instructions(program), expected, "{program}");
    }
}

#[test]
fn the_builder_is_sent_the_binaries_that_are_copied() {
    let ignored = fs::read_to_string(root().join(".dockerignore")).expect(".dockerignore");
    for (_, binary) in HELD {
        assert!(ignored.lines().any(|line| line == format!("!out/{binary}")), "{binary}");
    }
}

#[test]
fn manifests_name_the_version_that_is_built() {
    let version = env!("CARGO_PKG_VERSION");
    for file in ["examples", "deploy"].iter().flat_map(|folder| File::all_in(folder)) {
        for container in container::all(&file).iter().filter(|container| container.is_ours()) {
            let image = format!("{}:{version}", container.program());
            assert_eq!(container.value["image"], image.as_str(), "{}: {}", file.path, container.name());
        }
    }
}

#[test]
fn bases_render() {
    let base = root().join("deploy/base/probesim");
    let rendered = match Command::new("kubectl").arg("kustomize").arg(&base).output() {
        Ok(output) if output.status.success() => String::from_utf8(output.stdout).expect("UTF-8"),
        Ok(output) => panic!("{}", String::from_utf8_lossy(&output.stderr)),
        Err(error) => return eprintln!("skipped: kubectl cannot be run: {error}"),
    };
    let rendered = File::new("kubectl kustomize", rendered);
    let kinds: Vec<_> = rendered.objects.iter().map(|object| object["kind"].as_str().unwrap_or("")).collect();
    assert_eq!(kinds, ["ConfigMap", "Service", "Deployment"]);
    let (map, pod) = (&rendered.objects[0], &rendered.objects[2]["spec"]["template"]["spec"]);
    assert_eq!(pod["containers"][0]["envFrom"][0]["configMapRef"]["name"], map["metadata"]["name"]);
}
