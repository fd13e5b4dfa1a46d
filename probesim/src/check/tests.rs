//! `check http` beside servers whose answers a kubelet takes in its own way.

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpListener;

use super::*;

/// Answers one connection after the other with these texts, the last one for ever, and tells what it was asked.
async fn server(answers: &'static [&'static str]) -> (String, tokio::sync::mpsc::UnboundedReceiver<String>) {
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let address = listener.local_addr().expect("its address").to_string();
    let (tell, told) = tokio::sync::mpsc::unbounded_channel();
    let own = address.clone();
    tokio::spawn(async move {
        let mut answers = answers.iter().copied();
        let mut answer = "";
        while let Ok((mut stream, _)) = listener.accept().await {
            answer = answers.next().unwrap_or(answer);
            let (mut asked, text) = (vec![], answer.replace("SELF", &own));
            while !asked.ends_with(b"\r\n\r\n")
                && stream.read_buf(&mut asked).await.is_ok_and(|read| read > 0)
            {}
            let _ = tell.send(String::from_utf8_lossy(&asked).into_owned());
            let _ = stream.write_all(text.as_bytes()).await;
            if text.is_empty() || text.ends_with("WAIT") {
                tokio::spawn(async move { stream.read_to_end(&mut vec![]).await });
            }
        }
    });
    (address, told)
}

async fn checked(answers: &'static [&'static str]) -> String {
    let (address, _told) = server(answers).await;
    let place = format!("{address}/x").parse().expect("a place");
    match http::check(&place, &[], Duration::from_millis(500)).await {
        Ok(None) => "ok".to_owned(),
        Ok(Some(remark)) => format!("ok: {remark}"),
        Err(why) => why.to_string().replace(&address, "SELF"),
    }
}

#[tokio::test]
async fn it_judges_as_a_kubelet_does() {
    const OK: &str = "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n";
    const MOVED: &str = "HTTP/1.1 302 Found\r\nLocation: http://SELF/y\r\nContent-Length: 0\r\n\r\n";
    const AWAY: &str = "HTTP/1.1 302 Found\r\nLocation: http://other.example/\r\nContent-Length: 0\r\n\r\n";
    const LATE: &str =
        "Get \"http://SELF/x\": context deadline exceeded (Client.Timeout exceeded while awaiting headers)";
    for (answers, expected) in [
        (&[OK][..], "ok"),
        (
            &["HTTP/1.1 399 Odd\r\nContent-Length: 0\r\n\r\n"],
            "ok: Probe terminated redirects, Response body: ",
        ),
        (&["HTTP/1.1 503 Busy\r\nContent-Length: 0\r\n\r\n"], "HTTP probe failed with statuscode: 503"),
        (
            &["HTTP/1.1 103 Early Hints\r\n\r\nHTTP/1.1 500 Oops\r\n\r\n"],
            "HTTP probe failed with statuscode: 500",
        ),
        (&["HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200 OK\r\n\r\n"], "ok"),
        (&["HTTP/1.1 200 OK\r\nX: WAIT"], LATE),
        (&["HTTP/1.1 103 Early Hints\r\n\r\nWAIT"], LATE),
        (&[MOVED, OK], "ok"),
        (&[MOVED, "HTTP/1.1 500 Oops\r\n\r\n"], "HTTP probe failed with statuscode: 500"),
        (&[MOVED], "Get \"http://SELF/y\": stopped after 10 redirects"),
        (&[AWAY], "ok: Probe terminated redirects, Response body: "),
        (
            &["SSH-2.0-x\r\n"],
            "Get \"http://SELF/x\": net/http: HTTP/1.x transport connection broken: malformed HTTP \
                              response \"SSH-2.0-x\"",
        ),
    ] {
        assert_eq!(checked(answers).await, expected, "{answers:?}");
    }
}

#[tokio::test]
async fn it_sends_its_own_name_and_what_it_is_given() {
    let (address, mut told) = server(&["HTTP/1.1 200 OK\r\n\r\n"]).await;
    let place: Place = format!("http://{address}?a=1").parse().expect("a place");
    let header: Header = "Host: shop.example".parse().expect("a header");
    assert_eq!(http::check(&place, &[header], Duration::from_secs(5)).await.expect("an answer"), None);
    let expected = format!(
        "GET /?a=1 HTTP/1.1\r\nHost: shop.example\r\nUser-Agent: {USER_AGENT}\r\nAccept: */*\r\nConnection: close\r\n\r\n"
    );
    assert_eq!(told.recv().await, Some(expected));
}
