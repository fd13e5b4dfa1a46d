//! The picture as a page, with the summary.

use super::super::expect::Judged;
use super::super::story::Story;
use super::super::summary::summary;
use super::super::xml::escape;
use super::chart::title;

/// An HTML page that needs nothing else.
pub(super) fn page(story: &Story, verdicts: &[Judged], svg: &str) -> String {
    let failed = verdicts.iter().filter(|verdict| !verdict.is_met).count();
    let mark = match (verdicts.len(), failed) {
        (0, _) => String::new(),
        (all, 0) => format!(" – {all} of {all} expectations met"),
        (all, failed) => format!(" – {failed} of {all} expectations failed"),
    };
    let title = escape(&(title(story) + &mark));
    let summary = escape(&summary(story).join("\n")).replace("&#10;", "\n");
    format!(
        "<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n\
         <meta name=\"viewport\" content=\"width=device-width\">\n<meta name=\"color-scheme\" content=\"light dark\">\n\
         <title>{title}</title>\n<style>{STYLE}</style>\n</head>\n<body>\n<div class=\"wide\">{svg}</div>\n\
         <div class=\"wide\"><pre>{summary}</pre></div>\n</body>\n</html>\n"
    )
}

const STYLE: &str = "\
body{margin:0;padding:12px;background:#fff;color:#1f2328}pre{font:13px/1.5 ui-monospace,monospace;margin:0;padding:0 20px}\
.wide{overflow-x:auto}\
@media(prefers-color-scheme:dark){body{background:#0d1117;color:#e6edf3}}";
