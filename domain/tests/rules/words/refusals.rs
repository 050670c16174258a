//! Refusals in words.

use schemas::Refusal;

pub fn refusal(refusal: &Refusal) -> String {
    let number = |name: &str, value: Option<i64>| value.map(|value| format!(" {name}={value}"));
    let text = |name: &str, value: Option<&str>| value.map(|value| format!(" {name}={value}"));
    let details = [
        text("field", refusal.field.as_deref()),
        text("reason", refusal.reason.map(|reason| reason.as_str())),
        number("until", refusal.until),
        text("limit", refusal.limit.as_deref()),
        number("windowSeconds", refusal.window_seconds),
        number("quota", refusal.quota),
        number("retryAfterMs", refusal.retry_after_ms),
        number("requiredMilli", refusal.required_milli),
        number("balanceMilli", refusal.balance_milli),
    ];
    let details: String = details.into_iter().flatten().collect();
    format!("{}{details} ({})", refusal.code.as_str(), refusal.detail)
}
