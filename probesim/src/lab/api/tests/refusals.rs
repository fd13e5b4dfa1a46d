//! What a v1.36.2 API server refused, request by request, and in which words.

use super::*;
use crate::lab::controllers;

/// Uids differ from run to run, and so do the types that Go names.
fn plain(text: &str) -> String {
    let mut out = Vec::new();
    let mut words = text.split(' ');
    while let Some(word) = words.next() {
        out.push(without_uids(word));
        if word == "field" && out.len() > 2 && out[out.len() - 2] == "struct" {
            words.next();
        }
    }
    out.join(" ")
}

fn without_uids(word: &str) -> String {
    let is_uid = |part: &[u8]| {
        part.iter().enumerate().all(|(at, byte)| match at {
            8 | 13 | 18 | 23 => *byte == b'-',
            _ => byte.is_ascii_hexdigit(),
        })
    };
    let (bytes, mut at, mut out) = (word.as_bytes(), 0, Vec::new());
    while at < bytes.len() {
        if bytes.get(at..at + 36).is_some_and(is_uid) {
            out.extend(b"UID");
            at += 36;
        } else {
            out.push(bytes[at]);
            at += 1;
        }
    }
    String::from_utf8_lossy(&out).into_owned()
}

#[tokio::test]
async fn what_a_real_server_refuses_is_refused_in_its_words() {
    let server = server().await;
    let controllers = tokio::spawn(controllers::run(server.store().clone()));
    server.store().refuse_what_a_server_does();
    let mut client = Client::connect(&server).await;
    let mut wrong = Vec::new();
    for line in include_str!("../fixtures/refusals.jsonl").lines() {
        let case: Value = serde_json::from_str(line).unwrap();
        let text = |field: &str| case[field].as_str().unwrap_or_default();
        let body = match &case["body"] {
            Value::Null => String::new(),
            Value::String(text) => text.clone(),
            other => other.to_string(),
        };
        let answer = client.ask(text("method"), text("path"), &[("Content-Type", text("type"))], body).await;
        let said: Value = serde_json::from_str(&answer.body).unwrap_or_default();
        let said = said["message"].as_str().unwrap_or(&answer.body);
        let is_right = u64::from(answer.status) == case["code"].as_u64().unwrap();
        let is_said = case["says"].as_str().is_none_or(|words| plain(words) == plain(said));
        if !is_right || !is_said {
            wrong.push(format!("{}: {} for {}: {said}", text("name"), answer.status, case["code"]));
        }
    }
    controllers.abort();
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}
