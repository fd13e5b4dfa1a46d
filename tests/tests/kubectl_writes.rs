//! The simulated API server as kubectl changes it.

use e2e::kubectl::Kubectl;
use e2e::lab::{self, put};
use e2e::objects::{deployment, pod, replicaset};
use probesim::lab::Server;
use serde_json::{Value, json};

/// A manifest of a Deployment: `{}` is where its containers go.
const MANIFEST: &str = r#"
apiVersion: apps/v1
kind: Deployment
metadata: {name: web, labels: {app: web}}
spec:
  replicas: 1
  selector: {matchLabels: {app: web}}
  template:
    metadata: {labels: {app: web}}
    spec:
      containers:
      - {name: main, image: "nginx:1", env: [{name: A, value: "1"}, {name: B, value: "2"}], ports: [{containerPort: 80}]}
"#;

async fn scene() -> Option<(Server, Kubectl)> {
    let server = lab::start().await;
    let kubectl = Kubectl::find(&server).await?;
    kubectl.files.write("web.yaml", MANIFEST);
    Some((server, kubectl))
}

fn web(server: &Server) -> Value {
    server.store().get("deployments", "default", "web").expect("it is there")
}

fn main_container(server: &Server) -> Value {
    let containers = web(server)["spec"]["template"]["spec"]["containers"].clone();
    containers
        .as_array()
        .expect("a list")
        .iter()
        .find(|one| one["name"] == "main")
        .expect("it is there")
        .clone()
}

/// What a controller or a sidecar injector would add.
fn inject(server: &Server) {
    let mut object = web(server);
    let containers = object["spec"]["template"]["spec"]["containers"].as_array_mut().expect("a list");
    containers.push(json!({"name": "injected", "image": "proxy:1"}));
    put(server, object);
}

#[tokio::test]
async fn kubectl_applies_and_leaves_to_others_what_is_theirs() {
    let Some((server, kubectl)) = scene().await else { return };
    kubectl.does("apply -f web.yaml").await.saying("deployment.apps/web created");
    kubectl.does("apply -f web.yaml").await.saying("unchanged");
    inject(&server);
    kubectl
        .files
        .write("web.yaml", MANIFEST.replace("nginx:1", "nginx:2").replace(r#"{name: A, value: "1"}, "#, ""));
    kubectl
        .run("diff -f web.yaml")
        .await
        .expect(1)
        .saying("+        image: nginx:2")
        .not_saying("resourceVersion");
    kubectl.does("apply -f web.yaml").await.saying("configured");
    let main = main_container(&server);
    assert_eq!((&main["image"], &main["env"]), (&json!("nginx:2"), &json!([{"name": "B", "value": "2"}])));
    assert_eq!(web(&server)["spec"]["template"]["spec"]["containers"].as_array().map(Vec::len), Some(2));
    kubectl.does("delete -f web.yaml").await.saying("deleted");
    assert_eq!(server.store().get("deployments", "default", "web"), None);
}

#[tokio::test]
async fn kubectl_applies_on_the_server_side() {
    let Some((server, kubectl)) = scene().await else { return };
    kubectl.does("apply --server-side -f web.yaml").await.saying("serverside-applied");
    inject(&server);
    kubectl.files.write("web.yaml", MANIFEST.replace(r#"{name: A, value: "1"}, "#, ""));
    kubectl.does("apply --server-side -f web.yaml").await;
    assert_eq!(main_container(&server)["env"], json!([{"name": "B", "value": "2"}]));
    assert_eq!(web(&server)["spec"]["template"]["spec"]["containers"].as_array().map(Vec::len), Some(2));
    let generation = web(&server)["metadata"]["generation"].clone();
    kubectl.does("apply --server-side -f web.yaml").await;
    assert_eq!(web(&server)["metadata"]["generation"], generation, "the same again changes nothing");
}

#[tokio::test]
async fn kubectl_patches_in_three_ways() {
    let Some((server, kubectl)) = scene().await else { return };
    kubectl.does("create -f web.yaml").await;
    let strategic = r#"{"spec":{"template":{"spec":{"containers":[{"name":"main","image":"nginx:3"}]}}}}"#;
    kubectl.does(&format!("patch deploy web -p {strategic}")).await;
    assert_eq!(main_container(&server)["image"], "nginx:3");
    assert_eq!(main_container(&server)["ports"][0]["containerPort"], 80, "the rest of the container stays");
    kubectl.does(r#"patch deploy web --type=merge -p {"spec":{"minReadySeconds":5}}"#).await;
    let json_patch = r#"[{"op":"replace","path":"/spec/replicas","value":4}]"#;
    kubectl.does(&format!("patch deploy web --type=json -p {json_patch}")).await;
    assert_eq!(
        (&web(&server)["spec"]["minReadySeconds"], &web(&server)["spec"]["replicas"]),
        (&json!(5), &json!(4))
    );
    let unfit = r#"[{"op":"test","path":"/spec/replicas","value":5}]"#;
    kubectl
        .run(&format!("patch deploy web --type=json -p {unfit}"))
        .await
        .expect(1)
        .saying("rejected our request");
}

#[tokio::test]
async fn kubectl_changes_one_thing_at_a_time() {
    let Some((server, kubectl)) = scene().await else { return };
    kubectl.does("create -f web.yaml").await;
    kubectl.does("label deploy web stage=two app-").await;
    kubectl.does("annotate deploy web note=seen").await;
    kubectl.does("scale deploy web --current-replicas=1 --replicas=3").await.saying("scaled");
    kubectl.run("scale deploy web --current-replicas=1 --replicas=9").await.expect(1);
    kubectl.does("set image deploy/web main=nginx:5").await;
    kubectl.does("set env deploy/web C=3 A-").await;
    kubectl.does("edit deploy web").await.saying("edited");
    let now = web(&server);
    assert_eq!(now["metadata"]["labels"], json!({"stage": "two"}));
    assert_eq!(
        (&now["metadata"]["annotations"]["note"], &now["spec"]["replicas"]),
        (&json!("seen"), &json!(3))
    );
    let main = main_container(&server);
    assert_eq!((&main["image"], &main["ports"][0]["containerPort"]), (&json!("nginx:5"), &json!(81)));
    assert_eq!(main["env"], json!([{"name": "B", "value": "2"}, {"name": "C", "value": "3"}]));
    kubectl.does("replace -f web.yaml").await;
    assert_eq!(main_container(&server)["image"], "nginx:1");
}

#[tokio::test]
async fn kubectl_rolls_out_and_back() {
    let Some((server, kubectl)) = scene().await else { return };
    let mut current = deployment("api", 1, 1);
    current["metadata"]["uid"] = json!("u1");
    current["metadata"]["annotations"] = json!({"deployment.kubernetes.io/revision": "2"});
    current["spec"]["template"]["spec"]["containers"] = json!([{"name": "main", "image": "two"}]);
    put(&server, current);
    for (revision, image) in [("1", "one"), ("2", "two")] {
        let mut set = replicaset(&format!("api-{image}"), 1, 1);
        set["metadata"]["annotations"] = json!({"deployment.kubernetes.io/revision": revision});
        set["metadata"]["labels"] = json!({"app": "api"});
        set["metadata"]["ownerReferences"] = json!([{"apiVersion": "apps/v1", "kind": "Deployment", "name": "api", "uid": "u1", "controller": true}]);
        set["spec"]["template"]["spec"]["containers"] = json!([{"name": "main", "image": image}]);
        put(&server, set);
    }
    kubectl.does("rollout status deploy/api").await.saying("successfully rolled out");
    kubectl.does("rollout history deploy/api").await.saying("REVISION").saying("2 ");
    kubectl.does("rollout pause deploy/api").await.saying("paused");
    kubectl.does("rollout resume deploy/api").await.saying("resumed");
    kubectl.does("rollout undo deploy/api").await.saying("rolled back");
    let image = |server: &Server| {
        let object = server.store().get("deployments", "default", "api").expect("it is there");
        object["spec"]["template"]["spec"]["containers"][0]["image"].clone()
    };
    assert_eq!(image(&server), "one");
    kubectl.does("rollout restart deploy/api").await.saying("restarted");
    let object = server.store().get("deployments", "default", "api").expect("it is there");
    assert!(
        object["spec"]["template"]["metadata"]["annotations"]["kubectl.kubernetes.io/restartedAt"]
            .is_string()
    );
    let waiting = kubectl.run("rollout status deploy/api --timeout=1s").await;
    waiting.expect(1).saying("Waiting for deployment spec update to be observed");
}

#[tokio::test]
async fn kubectl_creates_what_it_makes_itself() {
    let Some((server, kubectl)) = scene().await else { return };
    kubectl.does("create deployment made --image=nginx --port=80 --replicas=2").await;
    kubectl.does("create configmap settings --from-literal=a=b").await;
    kubectl.does("create secret generic words --from-literal=a=b").await;
    kubectl.does("create job once --image=busybox -- true").await;
    kubectl.does("create namespace other").await;
    kubectl.does("run bare --image=busybox --env=A=b --port=80 --expose").await;
    kubectl.does("expose deploy made --port=80 --target-port=8080 --name=front").await;
    let get = |kind: &str, name: &str| server.store().get(kind, "default", name).expect("it is there");
    let made = get("deployments", "made");
    assert_eq!(made["spec"]["replicas"], 2);
    assert_eq!(made["spec"]["template"]["spec"]["containers"][0]["ports"], json!([{"containerPort": 80}]));
    assert_eq!(get("configmaps", "settings")["data"], json!({"a": "b"}));
    assert_eq!(get("secrets", "words")["data"], json!({"a": "Yg=="}));
    assert_eq!(get("jobs", "once")["spec"]["template"]["spec"]["restartPolicy"], "Never");
    assert_eq!(get("pods", "bare")["spec"]["containers"][0]["env"], json!([{"name": "A", "value": "b"}]));
    assert_eq!(get("services", "front")["spec"]["ports"][0]["targetPort"], 8080);
    let other = server.store().get("namespaces", "", "other").expect("it is there");
    assert_eq!(other["metadata"]["labels"]["kubernetes.io/metadata.name"], "other");
}

#[tokio::test]
async fn kubectl_is_told_of_fields_that_do_not_exist() {
    let Some((server, kubectl)) = scene().await else { return };
    kubectl.files.write("bad.yaml", MANIFEST.replace("replicas:", "replicsa:"));
    kubectl.run("apply -f bad.yaml").await.expect(1).saying(r#"unknown field "spec.replicsa""#);
    kubectl
        .does("apply -f bad.yaml --validate=warn")
        .await
        .saying(r#"Warning: unknown field "spec.replicsa""#);
    assert_eq!(web(&server)["spec"].get("replicsa"), None);
    kubectl
        .run("apply --server-side -f bad.yaml")
        .await
        .expect(1)
        .saying(".spec.replicsa: field not declared in schema");
    kubectl.files.write("bad.yaml", MANIFEST.replace("replicas: 1", "replicas: \"1\""));
    kubectl.run("replace -f bad.yaml").await.expect(1).saying("cannot unmarshal string into Go struct field");
}

#[tokio::test]
async fn kubectl_tries_without_a_trace() {
    let Some((server, kubectl)) = scene().await else { return };
    let before = server.store().revision();
    kubectl.does("apply -f web.yaml --dry-run=server").await.saying("created (server dry run)");
    kubectl.does("create deployment made --image=nginx --dry-run=server").await;
    assert_eq!(server.store().revision(), before);
    put(&server, pod("bare", true));
    let before = server.store().revision();
    kubectl.does("delete pod bare --dry-run=server").await;
    kubectl.does("label pod bare a=b --dry-run=server").await;
    assert_eq!(server.store().revision(), before);
}

#[tokio::test]
async fn kubectl_deletes_with_what_belongs_to_it() {
    let Some((server, kubectl)) = scene().await else { return };
    let owned = |name: &str| {
        let mut object = deployment(name, 1, 1);
        object["metadata"]["uid"] = json!(format!("uid-of-{name}"));
        put(&server, object);
        let mut set = replicaset(&format!("{name}-1"), 1, 1);
        set["metadata"]["ownerReferences"] = json!([{"apiVersion": "apps/v1", "kind": "Deployment", "name": name,
            "uid": format!("uid-of-{name}"), "controller": true, "blockOwnerDeletion": true}]);
        put(&server, set);
    };
    owned("kept");
    owned("gone");
    kubectl.does("delete deploy kept --cascade=orphan").await;
    let kept = server.store().get("replicasets", "default", "kept-1").expect("it stays");
    assert_eq!(kept["metadata"].get("ownerReferences"), None);
    kubectl.does("delete deploy gone --cascade=foreground --timeout=20s").await;
    assert_eq!(server.store().get("replicasets", "default", "gone-1"), None);
    for name in ["a", "b", "c"] {
        put(&server, pod(name, true));
    }
    kubectl.does("delete pod -l app=a --grace-period=0 --force").await.saying("pod \"a\" force deleted");
    kubectl.does("create namespace other").await;
    kubectl.does("create configmap inside -n other").await;
    kubectl.does("delete namespace other --timeout=20s").await.saying("deleted");
    assert_eq!(server.store().get("configmaps", "other", "inside"), None);
    kubectl.does("delete replicasets --all").await;
    assert!(server.store().list("replicasets", "").is_empty());
}
