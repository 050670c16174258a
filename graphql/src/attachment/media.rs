//! The files of a conversation, by the messages that carry them.

use async_graphql::SimpleObject;
use schemas::MessageId;
use schemas::attaching::AttachedFile;
use schemas::code::Refusal;

use super::Attachment;
use crate::paging::{self, PageInfo};
use crate::reads::{Access, CarriedFiles, ConversationSight, FilePosition};

#[derive(SimpleObject)]
pub struct AttachmentConnection {
    nodes: Vec<Attachment>,
    page_info: PageInfo,
}

/// At most `size` files behind a position.
pub async fn page(
    access: &Access<'_>,
    sight: &ConversationSight,
    size: usize,
    after: Option<FilePosition>,
) -> Result<AttachmentConnection, Refusal> {
    let CarriedFiles { mut files, rest } = access.reads.files(sight, after, size + 1).await?;
    let has_more = files.len() > size;
    files.truncate(size);
    let end = if has_more { None } else { rest };
    let cursor = |position: Option<FilePosition>| position.map(|position| paging::cursor(&position));
    let page_info = PageInfo {
        has_next_page: has_more || rest.is_some(),
        has_previous_page: after.is_some(),
        start_cursor: cursor(files.first().map(|(position, _)| *position)),
        end_cursor: cursor(end.or(files.last().map(|(position, _)| *position))),
    };
    let carried = |((seq, _), file): (FilePosition, AttachedFile)| {
        Attachment::carried(&MessageId { conversation: sight.id().clone(), seq }, &file)
    };
    Ok(AttachmentConnection { nodes: files.into_iter().map(carried).collect(), page_info })
}
