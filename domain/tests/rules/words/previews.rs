//! Previews, in words.

use schemas::previewing::{PreviewAttached, Previews};

pub fn previews(previews: &Previews) -> String {
    let urls: Vec<&str> = previews.all.iter().map(|preview| preview.url.as_str()).collect();
    if urls.is_empty() {
        return "no previews".to_owned();
    }
    format!("previews after {} edits: {}", previews.edits, urls.join(" "))
}

/// A fact about a message that is said in words.
pub fn attached(message: &str, attached: &PreviewAttached) -> String {
    format!("{}: {message}", previews(&attached.previews))
}
