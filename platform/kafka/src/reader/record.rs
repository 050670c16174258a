//! A message of librdkafka as a record of the port.

use bytes::Bytes;
use platform::ports::Record;
use rdkafka::message::{BorrowedMessage, Headers, Message};

/// Copies, as the message's memory belongs to its whole fetched batch.
pub(super) fn of(message: &BorrowedMessage<'_>) -> Record {
    let bytes = |slice: Option<&[u8]>| Bytes::copy_from_slice(slice.unwrap_or_default());
    let headers = message.headers().map_or_else(Vec::new, |headers| {
        headers.iter().map(|header| (header.key.to_owned(), bytes(header.value))).collect()
    });
    Record {
        partition: message.partition(),
        offset: message.offset(),
        // Every batch has one; 0 would be as old as any.
        time: message.timestamp().to_millis().unwrap_or(0),
        key: message.key().map(Bytes::copy_from_slice),
        headers,
        value: bytes(message.payload()),
    }
}
