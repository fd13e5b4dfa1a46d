//! Rounds against an API server of canned answers.

use std::cell::RefCell;
use std::collections::HashMap;
use std::rc::Rc;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};

use super::*;
use crate::cluster::{Cluster, Credentials, Tls};
use crate::diagnose::doctor::{Doctor, Seen};
use crate::diagnose::own_pod::OwnPod;
use crate::diagnose::ward::Ward;
use crate::resource::Scope;

/// Answers by path, without the query; what has none is forbidden.
struct Server {
    answers: HashMap<&'static str, Value>,
    asked: RefCell<Vec<String>>,
}

impl Server {
    async fn start(answers: &[(&'static str, &str)]) -> (Rc<Self>, Rc<Cluster>) {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let answers = answers.iter().map(|(path, text)| (*path, kinded(path, yaml(text)))).collect();
        let server = Rc::new(Self { answers, asked: RefCell::default() });
        let accepting = server.clone();
        tokio::task::spawn_local(async move {
            while let Ok((stream, _)) = listener.accept().await {
                tokio::task::spawn_local(accepting.clone().serve(stream));
            }
        });
        let cluster = Cluster {
            server: format!("http://{address}").parse().unwrap(),
            tls: Tls::default(),
            credentials: Credentials::None,
            impersonate: Vec::new(),
            namespace: "shop".into(),
        };
        (server, Rc::new(cluster))
    }

    /// Requests have no body, so an empty line ends each.
    async fn serve(self: Rc<Self>, mut stream: TcpStream) {
        let mut head = Vec::new();
        while let Ok(byte) = stream.read_u8().await {
            head.push(byte);
            if !head.ends_with(b"\r\n\r\n") {
                continue;
            }
            let text = String::from_utf8(std::mem::take(&mut head)).unwrap();
            let target = text.split(' ').nth(1).unwrap();
            self.asked.borrow_mut().push(target.to_owned());
            let path = target.split('?').next().unwrap();
            let (status, body) = match self.answers.get(path) {
                Some(answer) => ("200 OK", answer.to_string()),
                None => ("403 Forbidden", r#"{"kind":"Status","reason":"Forbidden","code":403}"#.to_owned()),
            };
            let head = format!("HTTP/1.1 {status}\r\nContent-Length: {}\r\n\r\n", body.len());
            stream.write_all(format!("{head}{body}").as_bytes()).await.unwrap();
        }
    }

    /// What was asked since the last time, without queries.
    fn asked(&self) -> Vec<String> {
        let asked = std::mem::take(&mut *self.asked.borrow_mut());
        asked.iter().map(|path| path.split('?').next().unwrap().to_owned()).collect()
    }
}

/// The answer with its kind, as an API server writes it.
fn kinded(path: &str, mut answer: Value) -> Value {
    let kinds = [
        ("/pods", "PodList"),
        ("/replicasets", "ReplicaSetList"),
        ("/events", "EventList"),
        ("/deployments", "DeploymentList"),
        ("/deployments/api", "Deployment"),
        ("/namespaces/shop", "Namespace"),
    ];
    let kind = kinds.into_iter().find(|(end, _)| path.ends_with(end)).map_or("Pod", |(_, kind)| kind);
    answer["kind"] = kind.into();
    answer
}

const DEPLOYMENT: &str = "{metadata: {name: api, namespace: shop, uid: d, generation: 1}, \
    spec: {selector: {matchLabels: {app: api}}}, status: {observedGeneration: 1, replicas: 1}}";
const PATH: &str = "/apis/apps/v1/namespaces/shop/deployments";
const PODS: &str = "/api/v1/namespaces/shop/pods";
const SETS: &str = "/apis/apps/v1/namespaces/shop/replicasets";

fn list_of_a_pod(reason: &str) -> String {
    format!(
        "{{items: [{{metadata: {{name: api-1, uid: p}}, status: {{phase: Pending, \
         containerStatuses: [{{name: a, state: {{waiting: {{reason: {reason}}}}}}}]}}}}]}}"
    )
}

fn doctor(cluster: &Rc<Cluster>, policy: FailFast, own_pod: Option<OwnPod>) -> Doctor {
    let target = "deployment/api".parse().unwrap();
    Doctor::new(Rc::new(Ward::new(cluster.clone())), target, Scope::Namespace("shop".into()), policy, own_pod)
}

fn seen() -> Option<Seen> {
    Some(Seen::Object(raw(&yaml(DEPLOYMENT))))
}

async fn locally(test: impl Future<Output = ()>) {
    tokio::task::LocalSet::new().run_until(test).await;
}

#[tokio::test]
async fn what_is_forbidden_is_asked_for_once_and_the_rest_still_explains() {
    locally(async {
        let pods = list_of_a_pod("CreateContainerConfigError");
        let (server, cluster) = Server::start(&[(PODS, &pods)]).await;
        let mut doctor = doctor(&cluster, FailFast::Certain, None);
        let found = doctor.round(seen).await.expect("an answer");
        let diagnosis = found.diagnosis.expect("an explanation");
        assert_eq!(diagnosis.explanation.cause, "pod api-1: container a: CreateContainerConfigError");
        assert_eq!(server.asked(), [PODS, SETS]);
        let found = doctor.round(seen).await.expect("an answer");
        assert!(found.is_same && !found.is_doubted);
        assert_eq!(server.asked(), [PODS]);
    })
    .await;
}

#[tokio::test]
async fn nothing_may_be_read_and_nothing_is_said() {
    locally(async {
        let (server, cluster) = Server::start(&[]).await;
        let mut doctor = doctor(&cluster, FailFast::Certain, None);
        assert!(doctor.round(seen).await.expect("an answer").diagnosis.is_none());
        assert_eq!(server.asked(), [PODS]);
        assert!(doctor.round(seen).await.expect("an answer").diagnosis.is_none());
        assert!(server.asked().is_empty());
    })
    .await;
}

#[tokio::test]
async fn what_would_end_the_wait_is_read_twice_the_target_included() {
    locally(async {
        let pods = list_of_a_pod("InvalidImageName");
        let deployments = format!("{{items: [{DEPLOYMENT}]}}");
        let answers = [(PATH, &*deployments), (PODS, &pods), (SETS, "{items: []}")];
        let (server, cluster) = Server::start(&answers).await;
        let mut certain = doctor(&cluster, FailFast::Certain, None);
        let first = certain.round(seen).await.expect("an answer");
        assert!(first.is_doubted && !first.diagnosis.expect("an explanation").is_hopeless);
        server.asked();
        let second = certain.round(seen).await.expect("an answer");
        assert!(!second.is_doubted && second.diagnosis.expect("an explanation").is_hopeless);
        assert_eq!(server.asked()[0], PATH);

        let mut off = doctor(&cluster, FailFast::Off, None);
        let found = off.round(seen).await.expect("an answer");
        assert!(!found.is_doubted && found.deadline.is_none());
    })
    .await;
}

#[tokio::test]
async fn a_gate_that_waits_for_its_own_controller_is_told_so() {
    locally(async {
        let own = "{metadata: {name: api-5d4-x, labels: {pod-template-hash: 5d4}, \
                   ownerReferences: [{kind: ReplicaSet, name: api-5d4, controller: true}]}}";
        let pods = format!("{{items: [{own}]}}");
        let answers = [(PODS, &*pods), (SETS, "{items: []}")];
        let (_, cluster) = Server::start(&answers).await;
        let own_pod = OwnPod { name: "api-5d4-x".into(), namespace: "shop".into() };
        let mut doctor = doctor(&cluster, FailFast::Likely, Some(own_pod));
        let found = doctor.round(seen).await.expect("an answer");
        let explanation = found.diagnosis.expect("an explanation").explanation;
        assert_eq!(explanation.hint.as_deref(), Some("this gate waits for its own controller"));
        assert_eq!(explanation.row, Some(Row::OwnController));
        assert!(found.is_doubted);
    })
    .await;
}

#[tokio::test]
async fn what_is_forbidden_is_asked_for_once_for_all_targets() {
    locally(async {
        let (server, cluster) = Server::start(&[]).await;
        let ward = Rc::new(Ward::new(cluster));
        for name in ["a", "b", "c"] {
            let target = format!("deployment/{name}").parse().unwrap();
            let scope = Scope::Namespace("shop".into());
            let mut doctor = Doctor::new(ward.clone(), target, scope, FailFast::Certain, None);
            assert!(doctor.round(seen).await.expect("an answer").diagnosis.is_none());
        }
        assert_eq!(server.asked(), [PODS]);
        let absent = |name: &str| {
            let target = format!("deployment/{name}").parse().unwrap();
            Doctor::new(ward.clone(), target, Scope::Namespace("shop".into()), FailFast::Certain, None)
        };
        for name in ["a", "b"] {
            absent(name).round(|| Some(Seen::Absent)).await.expect("an answer");
        }
        assert_eq!(server.asked(), ["/api/v1/namespaces/shop"]);
    })
    .await;
}

#[tokio::test]
async fn targets_that_ask_the_same_at_once_are_answered_once() {
    locally(async {
        let (server, cluster) =
            Server::start(&[("/api/v1/namespaces/shop", "{metadata: {name: shop}}")]).await;
        let ward = Rc::new(Ward::new(cluster));
        let mut doctors = tokio::task::JoinSet::new();
        for number in 0..50 {
            let target = format!("deployment/d{number}").parse().unwrap();
            let mut doctor =
                Doctor::new(ward.clone(), target, Scope::Namespace("shop".into()), FailFast::Certain, None);
            doctors.spawn_local(async move { doctor.round(|| Some(Seen::Absent)).await.is_some() });
        }
        assert!(doctors.join_all().await.into_iter().all(|is_answered| is_answered));
        assert_eq!(server.asked(), ["/api/v1/namespaces/shop"]);
    })
    .await;
}

#[tokio::test]
async fn what_is_seen_is_asked_for_when_it_is_the_targets_turn() {
    locally(async {
        let (server, cluster) = Server::start(&[]).await;
        let mut doctor = doctor(&cluster, FailFast::Certain, None);
        assert!(doctor.round(|| None).await.is_none(), "it was met while it waited");
        assert!(server.asked().is_empty());
    })
    .await;
}

#[test]
fn a_doctor_is_small_for_there_may_be_thousands() {
    assert!(size_of::<Doctor>() <= 500, "{}", size_of::<Doctor>());
}
