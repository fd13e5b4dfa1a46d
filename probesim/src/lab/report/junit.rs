//! The verdicts as CI systems read them: one test case for each expectation.

use std::time::Duration;

use super::expect::Judged;
use super::time::Exact;
use super::xml::escape;

/// A JUnit XML file.
pub(super) fn junit(verdicts: &[Judged], took: Duration) -> String {
    let failures = verdicts.iter().filter(|verdict| !verdict.is_met).count();
    let took = Exact(took).to_string();
    let counts = format!(
        "tests=\"{}\" failures=\"{failures}\" errors=\"0\" time=\"{}\"",
        verdicts.len(),
        took.trim_end_matches('s')
    );
    let mut xml = format!(
        "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<testsuites {counts}>\n  \
         <testsuite name=\"probesim lab\" {counts}>\n"
    );
    for Judged { expected, is_met, found } in verdicts {
        let (expected, found) = (escape(expected), escape(found));
        xml += &format!("    <testcase classname=\"probesim.lab\" name=\"{expected}\">");
        if *is_met {
            xml += &format!("<system-out>{found}</system-out>");
        } else {
            xml += &format!(
                "<failure type=\"expectation\" message=\"{found}\">expected {expected}, found {found}</failure>"
            );
        }
        xml += "</testcase>\n";
    }
    xml + "  </testsuite>\n</testsuites>\n"
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_test_case_for_each_expectation() {
        let verdicts = [
            Judged { expected: "ready <= 30.000s".into(), is_met: true, found: "2.100s (web-0)".into() },
            Judged { expected: "restarts == 0".into(), is_met: false, found: "<2 & \"more\">\u{7}".into() },
        ];
        let expected = "<?xml version=\"1.0\" encoding=\"UTF-8\"?>
<testsuites tests=\"2\" failures=\"1\" errors=\"0\" time=\"60.500\">
  <testsuite name=\"probesim lab\" tests=\"2\" failures=\"1\" errors=\"0\" time=\"60.500\">
    <testcase classname=\"probesim.lab\" name=\"ready &lt;= 30.000s\"><system-out>2.100s (web-0)</system-out></testcase>
    <testcase classname=\"probesim.lab\" name=\"restarts == 0\"><failure type=\"expectation\" message=\"&lt;2 &amp; &quot;more&quot;&gt;\u{fffd}\">expected restarts == 0, found &lt;2 &amp; &quot;more&quot;&gt;\u{fffd}</failure></testcase>
  </testsuite>
</testsuites>
";
        assert_eq!(junit(&verdicts, Duration::from_millis(60_500)), expected);
    }
}
