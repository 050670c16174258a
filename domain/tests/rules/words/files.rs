//! Words for files.

use schemas::AttachmentId;
use schemas::uploading::Attachment;

fn number(id: &AttachmentId) -> u8 {
    u8::from_str_radix(&id.as_str()[30..], 16).unwrap()
}

/// Each with `f` and its number.
pub fn files<'a>(ids: impl IntoIterator<Item = &'a AttachmentId>) -> String {
    ids.into_iter().map(|id| format!(" f{}", number(id))).collect()
}

/// `f` and its number.
pub fn attachment(id: &AttachmentId, attachment: &Attachment) -> String {
    let number = number(id);
    let uses = if attachment.uses == 0 { String::new() } else { format!(" carried {}", attachment.uses) };
    format!("f{number} {}{uses}: {:?}", attachment.declared.file_name, attachment.progress)
}
