//! Colours and shapes. Each state has a pattern and each outcome a shape of its own, so that colour is not needed.

use super::super::story::Standing;

/// Of the colour of text, background and states, for both schemes.
pub(super) const STYLE: &str = "\
.lab{--bg:#fff;--fg:#1f2328;--mute:#636c76;--line:#e4e8ec;--ok:#1a7f37;--okbg:#aceebb;--bad:#cf222e;\
--badbg:#ffd8d3;--warn:#9a6700;--start:#0969da;--startbg:#d8ebff;--back:#8250df;--backbg:#ecdcff;--stop:#6e7781;\
--stopbg:#e4e8ec;font:12px system-ui,sans-serif;background:var(--bg);fill:var(--fg)}
@media(prefers-color-scheme:dark){.lab{--bg:#0d1117;--fg:#e6edf3;--mute:#8d96a0;--line:#262c36;--ok:#3fb950;\
--okbg:#1c5c30;--bad:#ff6a62;--badbg:#5d1f1f;--warn:#d29922;--start:#4493f8;--startbg:#16335c;--back:#ab7df8;\
--backbg:#3c2a66;--stop:#8d96a0;--stopbg:#2d333b}}
.lab .bg{fill:var(--bg)}.lab .mute{fill:var(--mute)}.lab .b{font-weight:600}.lab .h{font-size:15px;font-weight:600}\
.lab .r{text-anchor:end}.lab .m{text-anchor:middle}.lab .grid{stroke:var(--line);fill:none}\
.lab-hit{fill:none;pointer-events:all}.lab .in{font-size:10.5px;pointer-events:none}\
.lab .bad{fill:var(--bad)}.lab .good{fill:var(--ok)}\
.lab-ok{fill:var(--ok)}.lab-bad{stroke:var(--bad);stroke-width:1.8;fill:none}\
.lab-warn{fill:var(--warn)}.lab-err{stroke:var(--warn);stroke-width:1.5;fill:var(--bg)}\
.lab .took{stroke:var(--mute);stroke-width:1;opacity:.7}\
.lab-kill{fill:var(--bad)}.lab-exit{fill:var(--bad)}.lab-end{fill:var(--stop)}.lab-again{fill:var(--start)}\
.lab .t0{fill:none;stroke:var(--mute);stroke-dasharray:2 3}.lab .t1{fill:url(#p1);stroke:var(--start)}\
.lab .t2{fill:var(--okbg);stroke:var(--ok)}.lab .t3{fill:url(#p3);stroke:var(--bad)}\
.lab .t4{fill:url(#p4);stroke:var(--back)}.lab .t5{fill:url(#p5);stroke:var(--stop)}\
.lab .t6{fill:var(--stopbg);stroke:var(--stop)}.lab .t7{fill:url(#p7);stroke:var(--bad)}\
.lab rect{stroke-width:.7}";

/// What is drawn more than once.
pub(super) const SHAPES: &str = "\
<defs>\
<pattern id=\"p1\" width=\"5\" height=\"5\" patternUnits=\"userSpaceOnUse\"><rect width=\"5\" height=\"5\" \
style=\"fill:var(--startbg);stroke:none\"/><circle cx=\"2.5\" cy=\"2.5\" r=\".9\" style=\"fill:var(--start)\"/></pattern>\
<pattern id=\"p3\" width=\"6\" height=\"6\" patternUnits=\"userSpaceOnUse\" patternTransform=\"rotate(45)\"><rect \
width=\"6\" height=\"6\" style=\"fill:var(--badbg);stroke:none\"/><path d=\"M1 0V6\" style=\"stroke:var(--bad)\"/></pattern>\
<pattern id=\"p4\" width=\"4\" height=\"4\" patternUnits=\"userSpaceOnUse\"><rect width=\"4\" height=\"4\" \
style=\"fill:var(--backbg);stroke:none\"/><path d=\"M1 0V4\" style=\"stroke:var(--back)\"/></pattern>\
<pattern id=\"p5\" width=\"4\" height=\"4\" patternUnits=\"userSpaceOnUse\"><rect width=\"4\" height=\"4\" \
style=\"fill:var(--stopbg);stroke:none\"/><path d=\"M0 1H4\" style=\"stroke:var(--stop)\"/></pattern>\
<pattern id=\"p7\" width=\"6\" height=\"6\" patternUnits=\"userSpaceOnUse\" patternTransform=\"rotate(45)\"><rect \
width=\"6\" height=\"6\" style=\"fill:var(--badbg);stroke:none\"/><path d=\"M1 0V6M0 1H6\" style=\"stroke:var(--bad)\"/></pattern>\
<g id=\"s\"><rect class=\"lab-hit\" x=\"-3\" y=\"-8\" width=\"6\" height=\"16\"/><circle class=\"lab-ok\" r=\"2\"/></g>\
<g id=\"f\"><rect class=\"lab-hit\" x=\"-4\" y=\"-8\" width=\"8\" height=\"16\"/><path class=\"lab-bad\" d=\"M-3.5-3.5L3.5 3.5M-3.5 3.5L3.5-3.5\"/></g>\
<g id=\"w\"><rect class=\"lab-hit\" x=\"-4\" y=\"-8\" width=\"8\" height=\"16\"/><path class=\"lab-warn\" d=\"M0-4L4 3.5H-4Z\"/></g>\
<g id=\"e\"><rect class=\"lab-hit\" x=\"-4\" y=\"-8\" width=\"8\" height=\"16\"/><path class=\"lab-err\" d=\"M0-4L4 0L0 4L-4 0Z\"/></g>\
<path id=\"k\" class=\"lab-kill\" d=\"M-5-7H5L0 1Z\"/>\
<path id=\"x\" class=\"lab-exit\" d=\"M-3-6H3V0H-3Z\"/>\
<path id=\"z\" class=\"lab-end\" d=\"M-3-6H3V0H-3Z\"/>\
<path id=\"a\" class=\"lab-again\" d=\"M-1-7L6-3L-1 1Z\"/>\
</defs>";

/// The class of a state.
pub(super) const fn class(standing: Standing) -> &'static str {
    match standing {
        Standing::Waiting => "t0",
        Standing::Starting => "t1",
        Standing::Ready => "t2",
        Standing::NotReady => "t3",
        Standing::BackOff => "t4",
        Standing::Stopping => "t5",
        Standing::Done => "t6",
        Standing::Failed => "t7",
    }
}
