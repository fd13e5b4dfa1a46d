//! A headless Chromium, driven through ChromeDriver: <https://www.w3.org/TR/webdriver2/>.

use std::net::SocketAddr;
use std::path::Path;
use std::time::Duration;

use serde_json::{Value, json};
use tokio::process::Command;
use tokio::sync::{Mutex, MutexGuard};
use tokio::time::{Instant, sleep, timeout};

use crate::http;
use crate::patience::LIMIT;
use crate::process::Process;
use crate::scratch::Scratch;

/// No command takes longer, not even the start on a busy machine.
const COMMAND: Duration = Duration::from_secs(60);
/// Between two looks at a page.
const PAUSE: Duration = Duration::from_millis(50);

/// How to install it.
const INSTALL: &str = "apt-get install chromium chromium-driver";
/// Without the last ones it asks its maker's servers for news, again and again.
const ARGUMENTS: &[&str] = &[
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-dev-shm-usage",
    // It ends when its driver does, however that ends.
    "--remote-debugging-pipe",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    // A name that is made to point here, as an attacker would.
    "--host-resolver-rules=MAP evil.example 127.0.0.1",
];
/// What an element is in an answer: a key that the standard gives.
const ELEMENT: &str = "element-6066-11e4-a52e-4f735466cecf";

/// One at a time: each is a dozen processes.
static TURN: Mutex<()> = Mutex::const_new(());

/// A browser with one tab.
#[derive(Debug)]
pub struct Browser {
    driver: SocketAddr,
    session: String,
    _process: Process,
    _profile: Scratch,
    _turn: MutexGuard<'static, ()>,
}

impl Browser {
    /// Starts one. `None`, with a line that says so, where there is none to start.
    ///
    /// # Panics
    /// When there is none on a CI machine (`CI=true`), or it does not start.
    pub async fn start() -> Option<Self> {
        let is_there = |name: &str| {
            let path = std::env::var_os("PATH").unwrap_or_default();
            std::env::split_paths(&path).any(|directory| directory.join(name).is_file())
        };
        if !is_there("chromium") || !is_there("chromedriver") {
            let is_ci = std::env::var_os("CI").is_some_and(|value| value == "true");
            assert!(!is_ci, "no chromium or no chromedriver: {INSTALL}");
            eprintln!("SKIPPED, nothing was tested: no chromium or no chromedriver; {INSTALL}");
            return None;
        }
        let turn = TURN.lock().await;
        let profile = Scratch::new();
        let mut command = Command::new("chromedriver");
        command.args(["--port=0", "--log-level=SEVERE"]).env("HOME", profile.directory());
        let process = Process::start(command);
        let line = process.until_says("started successfully on port").await.text;
        let port = line.rsplit(' ').next().and_then(|port| port.trim_end_matches('.').parse().ok());
        let driver =
            SocketAddr::from(([127, 0, 0, 1], port.unwrap_or_else(|| panic!("no port in {line:?}"))));
        let directory = format!("--user-data-dir={}", profile.directory().display());
        let arguments: Vec<&str> = ARGUMENTS.iter().copied().chain([directory.as_str()]).collect();
        let wanted = json!({"capabilities": {"alwaysMatch": {
            "browserName": "chrome",
            "goog:loggingPrefs": {"browser": "ALL"},
            "goog:chromeOptions": {"args": arguments},
        }}});
        let session = ask(driver, "POST", "/session", &wanted).await;
        let id = session["sessionId"].as_str().expect("a session").to_owned();
        let session = format!("/session/{id}");
        Some(Self { driver, session, _process: process, _profile: profile, _turn: turn })
    }

    /// Closes it.
    pub async fn quit(self) {
        ask(self.driver, "DELETE", &self.session, &Value::Null).await;
    }

    /// Goes to a page, and waits until it has loaded.
    pub async fn open(&self, url: &str) {
        self.post("url", json!({"url": url})).await;
    }

    /// What a script returns: the body of a function.
    pub async fn run(&self, script: &str) -> Value {
        self.post("execute/sync", json!({"script": script, "args": []})).await
    }

    /// Waits until an expression is true.
    ///
    /// # Panics
    /// When it never is, with what the page says.
    pub async fn until(&self, expression: &str) {
        let script = format!("return Boolean({expression}) || document.body.innerText");
        let begun = Instant::now();
        loop {
            let said = self.run(&script).await;
            if said == true {
                return;
            }
            let page = said.as_str().unwrap_or_default();
            assert!(
                begun.elapsed() < LIMIT,
                "waited {LIMIT:?} in vain for {expression}; the page says:\n{page}"
            );
            sleep(PAUSE).await;
        }
    }

    /// The visible text of the first element that this selector finds.
    pub async fn text(&self, selector: &str) -> String {
        let script = format!("return document.querySelector({}).innerText", json!(selector));
        self.run(&script).await.as_str().unwrap_or_default().to_owned()
    }

    /// Clicks on an element, as a user: it has to be there to be seen and hit.
    pub async fn click(&self, selector: &str) {
        let element = self.element(selector).await;
        self.post(&format!("element/{element}/click"), json!({})).await;
    }

    /// Replaces the text of a field, key by key.
    pub async fn write(&self, selector: &str, text: &str) {
        let element = self.element(selector).await;
        self.post(&format!("element/{element}/clear"), json!({})).await;
        self.post(&format!("element/{element}/value"), json!({"text": text})).await;
    }

    /// Chooses an option of a select, by its text.
    pub async fn choose(&self, selector: &str, text: &str) {
        let element = self.element(selector).await;
        self.post(&format!("element/{element}/value"), json!({"text": text})).await;
    }

    /// Shows the page as on a screen of this size and brightness.
    pub async fn show_as(&self, width: u32, height: u32, scheme: &str) {
        let size = json!({"width": width, "height": height, "deviceScaleFactor": 1, "mobile": width < 500});
        self.devtools("Emulation.setDeviceMetricsOverride", size).await;
        let features = json!({"features": [{"name": "prefers-color-scheme", "value": scheme}]});
        self.devtools("Emulation.setEmulatedMedia", features).await;
    }

    /// Keeps a picture of the whole page, if `SCREENSHOTS` names a directory for it.
    ///
    /// # Panics
    /// When it cannot be written.
    pub async fn picture(&self, name: &str) {
        use base64::Engine as _;
        let Some(directory) = std::env::var_os("SCREENSHOTS") else { return };
        let whole = json!({"format": "png", "captureBeyondViewport": true});
        let picture = self.devtools("Page.captureScreenshot", whole).await;
        let bytes = base64::engine::general_purpose::STANDARD
            .decode(picture["data"].as_str().expect("a picture"))
            .expect("base64");
        std::fs::write(Path::new(&directory).join(format!("{name}.png")), bytes).expect("a directory");
    }

    /// What the browser has logged since this was last asked: errors of scripts, refusals of policies, and
    /// failed requests, whose `source` is `network`.
    pub async fn log(&self) -> Vec<Value> {
        let entries = self.post("se/log", json!({"type": "browser"})).await;
        entries.as_array().cloned().unwrap_or_default()
    }

    async fn devtools(&self, command: &str, parameters: Value) -> Value {
        self.post("goog/cdp/execute", json!({"cmd": command, "params": parameters})).await
    }

    async fn element(&self, selector: &str) -> String {
        let found = self.post("element", json!({"using": "css selector", "value": selector})).await;
        found[ELEMENT].as_str().expect("an element").to_owned()
    }

    async fn post(&self, command: &str, body: Value) -> Value {
        ask(self.driver, "POST", &format!("{}/{command}", self.session), &body).await
    }
}

/// The value of the driver's answer.
async fn ask(driver: SocketAddr, method: &str, path: &str, body: &Value) -> Value {
    let headers = "Host: localhost\r\nContent-Type: application/json\r\nConnection: close\r\n";
    let body = if body.is_null() { String::new() } else { body.to_string() };
    let asking = http::send(driver, method, path, headers, &body);
    let Ok(answer) = timeout(COMMAND, asking).await else { panic!("no answer to {path} {body}") };
    let mut said: Value = serde_json::from_str(&answer.body).expect("JSON of the driver");
    assert_eq!(answer.status, 200, "{method} {path} {body}: {}", said["value"]["message"]);
    said["value"].take()
}
