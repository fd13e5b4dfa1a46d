//! How the page looks: on a phone, in the dark, and to those who do not see it.

use e2e::browser::Browser;
use serde_json::json;

use crate::{Admin, expect_no_complaints, row, says};

/// For every element with text of its own: its ratio of contrast (WCAG 2.2, 1.4.3) where it is below 4.5.
const FAINT: &str = r"
    const parse = color => color.match(/[\d.]+/g).map(Number);
    const light = ([r, g, b]) => [r, g, b].map(v => v / 255)
      .map(v => v <= 0.04045 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4)
      .reduce((sum, v, n) => sum + v * [0.2126, 0.7152, 0.0722][n], 0);
    const behind = element => {
      for (let e = element; e; e = e.parentElement) {
        const color = parse(getComputedStyle(e).backgroundColor);
        if (color.length === 3 || color[3] > 0) return color;
      }
      return [255, 255, 255];
    };
    const faint = [];
    for (const e of document.querySelectorAll('body *')) {
      const hasText = [...e.childNodes].some(n => n.nodeType === 3 && n.textContent.trim()) || e.matches('input, textarea, select');
      if (!hasText || !e.checkVisibility()) continue;
      const [a, b] = [light(parse(getComputedStyle(e).color)), light(behind(e))].sort((a, b) => b - a);
      const ratio = (a + 0.05) / (b + 0.05);
      if (ratio < 4.5) faint.push(`${e.tagName} ${e.className} ${e.textContent.slice(0, 20)}: ${ratio.toFixed(2)}`);
    }
    return faint;";

/// Controls without a name, and those that a keyboard does not reach.
const NAMELESS: &str = r"
    return [...document.querySelectorAll('main button, main input, main select, main textarea, dialog input')]
      .filter(e => !(e.getAttribute('aria-label') || e.labels?.length || e.textContent.trim()) || e.tabIndex < 0)
      .map(e => e.outerHTML);";

#[tokio::test]
async fn the_page_fits_a_phone_and_is_readable_in_light_and_dark() {
    let Some(browser) = Browser::start().await else { return };
    let admin = Admin::start("FAILURE_RATE=30 LATENCY=20 SEED=7 GRPC_PORT=0 GRPC_SERVICES=a-service-with-quite-a-long-name.orders.v1.OrderService").await;
    admin.put("{on: startup, answer: never, name: a-name-without-any-place-where-a-line-could-end-0123456789012345678901234567890}").await;
    admin
        .put("{on: all, callers: others, rate: 40%, status: 503, latency: 150ms, after: 10m, ttl: 30m}")
        .await;
    browser.open(&admin.url()).await;
    browser.until(&says("#link", "live")).await;
    for _ in 0..12 {
        admin.probe("/liveness").await;
        admin.probe("/readiness").await;
        admin.probe("/").await;
    }
    browser.until(&format!("{}.includes('12 requests')", row("readiness"))).await;
    let mut grounds = vec![];
    for (width, height, device) in [(1280, 800, "desk"), (360, 740, "phone")] {
        for scheme in ["light", "dark"] {
            browser.show_as(width, height, scheme).await;
            browser
                .until(&format!(
                    "innerWidth === {width} && matchMedia('(prefers-color-scheme: {scheme})').matches"
                ))
                .await;
            let size = browser
                .run("return [document.documentElement.scrollWidth, document.body.scrollHeight]")
                .await;
            assert!(size[0].as_u64().is_some_and(|found| found <= u64::from(width)), "{device}: {size}");
            assert!(size[1].as_u64().is_some_and(|found| (500..3000).contains(&found)), "{device}: {size}");
            assert_eq!(browser.run(FAINT).await, json!([]), "{device}, {scheme}");
            grounds
                .push(browser.run("return getComputedStyle(document.documentElement).backgroundColor").await);
            browser.picture(&format!("{device}-{scheme}")).await;
        }
    }
    assert_ne!(grounds[0], grounds[1]);
    assert_eq!(grounds[0], grounds[2]);
    // Whether a fault is active is on the first screen of a phone.
    let bottom = browser.run("return banner.getBoundingClientRect().bottom").await;
    assert!(bottom.as_f64().is_some_and(|bottom| bottom < 300.0), "{bottom}");
    assert_eq!(browser.run(NAMELESS).await, json!([]));
    expect_no_complaints(&browser).await;
    browser.quit().await;
}
