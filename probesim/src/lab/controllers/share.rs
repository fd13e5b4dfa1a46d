//! Numbers that may be percentages: `maxSurge`, `maxUnavailable`.

use serde_json::Value;

/// Resolves `intstr.IntOrString` against a total; percentages round up or down, what is neither is 0.
pub(super) fn resolve(value: &Value, total: i64, round_up: bool) -> i64 {
    if let Some(number) = value.as_i64() {
        return number;
    }
    let percent = value.as_str().and_then(|text| text.strip_suffix('%'));
    let Some(percent) = percent.and_then(|digits| digits.parse::<i64>().ok()) else { return 0 };
    let product = percent.saturating_mul(total);
    if round_up { product.saturating_add(99).div_euclid(100) } else { product.div_euclid(100) }
}

/// `ResolveFenceposts`: the surge rounds up, the unavailable round down, and both cannot be 0.
pub(super) fn fenceposts(surge: &Value, unavailable: &Value, total: i64) -> (i64, i64) {
    match (resolve(surge, total, true), resolve(unavailable, total, false)) {
        (0, 0) => (0, 1),
        both => both,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn the_surge_rounds_up_and_the_unavailable_round_down() {
        for (surge, unavailable, total, expected) in [
            (json!("25%"), json!("25%"), 1, (1, 0)),
            (json!("25%"), json!("25%"), 2, (1, 0)),
            (json!("25%"), json!("25%"), 4, (1, 1)),
            (json!("25%"), json!("25%"), 10, (3, 2)),
            (json!(2), json!(0), 3, (2, 0)),
            (json!(0), json!("10%"), 3, (0, 1)),
            (json!("100%"), json!("100%"), 3, (3, 3)),
            (json!(0), json!(0), 3, (0, 1)),
        ] {
            assert_eq!(fenceposts(&surge, &unavailable, total), expected, "{surge} {unavailable} of {total}");
        }
    }
}
