//! Staged bytes: an upload in pieces, until its file is scanned.
//!
//! Invariant: pieces are of one size but for the last, and count as far as they are without gap, so that an
//! interrupted upload goes on at the end of its last whole piece, on any process.

use bytes::{Bytes, BytesMut};
use object_store::path::Path;

use crate::{Objects, ObjectsError};

/// Bytes of a piece.
pub const PIECE_BYTES: usize = 1024 * 1024;
/// Pieces that are looked at: of the largest file that a policy allows.
pub const MOST_PIECES: usize = 64;

impl Objects {
    /// Stages the piece of a number, in place of an earlier one.
    pub async fn stage(&self, id: &str, number: usize, piece: Bytes) -> Result<(), ObjectsError> {
        self.put_at(&place(id, number), piece).await
    }

    /// How far an upload has come: bytes from the beginning without gap.
    pub async fn staged(&self, id: &str) -> Result<u64, ObjectsError> {
        let sizes = self.pieces(id).await?;
        let mut bytes = 0;
        for (nth, (number, size)) in sizes.iter().enumerate() {
            let is_next = *number == nth && bytes == (nth * PIECE_BYTES) as u64;
            if !is_next {
                break;
            }
            bytes += size;
        }
        Ok(bytes)
    }

    /// The staged file, if it has exactly as many bytes as were declared. The file of another size is not
    /// read.
    pub async fn assemble(&self, id: &str, bytes: u64) -> Result<Option<Bytes>, ObjectsError> {
        if self.staged(id).await? != bytes {
            return Ok(None);
        }
        let mut whole = BytesMut::with_capacity(usize::try_from(bytes).unwrap_or(0));
        for number in 0..usize::try_from(bytes).unwrap_or(0).div_ceil(PIECE_BYTES) {
            match self.get_at(&place(id, number)).await? {
                Some(piece) if whole.len() + piece.len() <= whole.capacity() => {
                    whole.extend_from_slice(&piece)
                }
                // A piece was replaced meanwhile.
                Some(_) | None => return Ok(None),
            }
        }
        Ok((whole.len() as u64 == bytes).then(|| whole.freeze()))
    }

    /// Removes what is staged.
    pub async fn discard_staged(&self, id: &str) -> Result<(), ObjectsError> {
        for (number, _) in self.pieces(id).await? {
            self.remove_at(&place(id, number)).await?;
        }
        Ok(())
    }

    /// Numbers and sizes of the pieces that are there, in order.
    async fn pieces(&self, id: &str) -> Result<Vec<(usize, u64)>, ObjectsError> {
        let below: Path = ["staged", id].into_iter().collect();
        let listed = self.below(&below, MOST_PIECES).await?;
        let number = |path: &Path| path.filename().and_then(|name| name.parse().ok());
        let mut pieces: Vec<(usize, u64)> =
            listed.iter().filter_map(|(path, size)| Some((number(path)?, *size))).collect();
        pieces.sort_unstable();
        Ok(pieces)
    }
}

fn place(id: &str, number: usize) -> Path {
    ["staged", id, &format!("{number:04}")].into_iter().collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn piece(byte: u8, size: usize) -> Bytes {
        Bytes::from(vec![byte; size])
    }

    #[tokio::test]
    async fn pieces_count_as_far_as_they_are_without_gap() {
        let objects = Objects::in_memory();
        let progress = async || objects.staged("a").await.unwrap() as usize;
        assert_eq!(progress().await, 0);
        objects.stage("a", 0, piece(0, PIECE_BYTES)).await.unwrap();
        objects.stage("a", 2, piece(2, 10)).await.unwrap();
        assert_eq!(progress().await, PIECE_BYTES, "the second is missing");
        objects.stage("a", 1, piece(1, 5)).await.unwrap();
        assert_eq!(progress().await, PIECE_BYTES + 5, "a short piece is the last");
        objects.stage("a", 1, piece(1, PIECE_BYTES)).await.unwrap();
        assert_eq!(progress().await, 2 * PIECE_BYTES + 10);
        assert_eq!(objects.staged("b").await.unwrap(), 0, "of another upload");
    }

    #[tokio::test]
    async fn a_file_is_assembled_if_it_has_the_declared_size() {
        let objects = Objects::in_memory();
        objects.stage("a", 0, piece(7, PIECE_BYTES)).await.unwrap();
        objects.stage("a", 1, piece(8, 3)).await.unwrap();
        let size = (PIECE_BYTES + 3) as u64;
        for other in [0, 3, size - 1, size + 1] {
            assert_eq!(objects.assemble("a", other).await, Ok(None), "{other}");
        }
        let whole = objects.assemble("a", size).await.unwrap().unwrap();
        assert_eq!(whole, [piece(7, PIECE_BYTES), piece(8, 3)].concat());
        objects.discard_staged("a").await.unwrap();
        assert_eq!(objects.staged("a").await.unwrap(), 0);
        assert_eq!(objects.assemble("a", size).await, Ok(None));
    }
}
