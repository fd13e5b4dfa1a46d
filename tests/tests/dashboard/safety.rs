//! Who may change something through the page, and who may not.

use std::net::SocketAddr;

use e2e::browser::Browser;
use e2e::patience::eventually;
use serde_json::{Value, json};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpListener;

use crate::{Admin, says};

#[tokio::test]
async fn a_token_is_asked_for_once_and_stays_in_the_tab() {
    let Some(browser) = Browser::start().await else { return };
    let admin = Admin::start("ADMIN_TOKEN=secret-of-ours").await;
    browser.open(&admin.url()).await;
    browser.until(&says("#summary", "✓ No fault is active")).await;
    browser.click("#send").await;
    browser.until("ask.open && document.activeElement.id === 'token'").await;
    browser.write("#token", "guessed").await;
    browser.click("#give .main").await;
    browser.until(&says("#refused", "this is not the token")).await;
    assert_eq!(admin.faults().await, json!([]));
    browser.write("#token", "secret-of-ours").await;
    browser.click("#give .main").await;
    browser.until(&says("#summary", "▲ 1 fault active")).await;
    assert_eq!(admin.probe("/readiness").await, 500);
    // Not asked again, in this tab.
    browser.open(&admin.url()).await;
    browser.until("!document.getElementById('reset').hidden").await;
    browser.click("#reset").await;
    browser.until(&says("#summary", "✓ No fault is active")).await;
    let places = "return [location.href, document.cookie, JSON.stringify(localStorage), document.body.innerHTML, token.value].join()";
    let places = browser.run(places).await.to_string();
    assert!(!places.contains("secret-of-ours"), "{places}");
    assert!(!admin.serving.process.lines().iter().any(|line| line.text.contains("secret-of-ours")));
    browser.click("#forget").await;
    assert_eq!(browser.run("return sessionStorage.length").await, 0);
    let complaints = browser.log().await;
    let is_refusal =
        |entry: &Value| entry["source"] == "network" && entry["message"].to_string().contains("401");
    assert!(complaints.iter().all(is_refusal), "{complaints:?}");
    browser.quit().await;
}

/// Serves one page, whatever is asked for.
async fn site(page: String) -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
    let address = listener.local_addr().expect("an address");
    tokio::spawn(async move {
        while let Ok((mut stream, _)) = listener.accept().await {
            let page = page.clone();
            tokio::spawn(async move {
                let mut asked = [0; 4096];
                let _ = stream.read(&mut asked).await;
                let length = page.len();
                let head = format!(
                    "HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nContent-Length: {length}\r\nConnection: close\r\n\r\n"
                );
                let _ = stream.write_all((head + &page).as_bytes()).await;
            });
        }
    });
    address
}

#[tokio::test]
async fn a_page_of_another_site_changes_nothing() {
    let Some(browser) = Browser::start().await else { return };
    let admin = Admin::start("").await;
    admin.put("{on: liveness, name: kept}").await;
    let address = admin.address;
    let page = format!(
        "<form method=post action='http://{address}/reset' target=frame><button>win</button></form>\
         <iframe name=frame></iframe><script>
         const ask = (method, path, mode) => fetch('http://{address}' + path, {{method, mode, body: '{{on: readiness}}'}});
         Promise.allSettled([ask('POST', '/reset', 'no-cors'), ask('POST', '/exit', 'no-cors'), ask('PUT', '/faults', 'cors'),
           ask('DELETE', '/faults', 'cors')]).then(() => {{ 
           document.querySelector('iframe').onload = () => document.title = 'tried';
           document.querySelector('button').click(); }});
         </script>"
    );
    browser.open(&format!("http://{}/", site(page).await)).await;
    browser.until("document.title === 'tried'").await;
    // The same through a name that was made to point here. Reading is open; a change is not.
    browser.open(&format!("http://evil.example:{}/", address.port())).await;
    browser.until(&says("#faults", "kept")).await;
    browser.click("#reset").await;
    browser.until(&says("#cleared", "under a name other than localhost")).await;
    let faults = admin.faults().await;
    assert_eq!((faults.as_array().map(Vec::len), &faults[0]["name"]), (Some(1), &json!("kept")));
    // curl goes on working, and so does the page itself.
    browser.open(&admin.url()).await;
    browser.until(&says("#faults", "kept")).await;
    browser.click("#reset").await;
    browser.until(&says("#summary", "✓ No fault is active")).await;
    eventually("an empty list", async || (admin.faults().await == json!([])).then_some(())).await;
    browser.quit().await;
}
