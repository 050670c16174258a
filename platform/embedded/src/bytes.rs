//! Reading and writing the compact forms of records and rows.
//!
//! Invariant: a reader takes exactly what the writer put, or says that it is malformed.

/// Stored bytes are not what this program writes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("malformed bytes in the store")]
pub(crate) struct Malformed;

/// Appends `n`, seven bits a byte, lowest first.
pub(crate) fn put_length(out: &mut Vec<u8>, n: usize) {
    let mut rest = n as u64;
    while rest >= 0x80 {
        out.push(rest as u8 | 0x80);
        rest >>= 7;
    }
    out.push(rest as u8);
}

/// Appends a length and the bytes.
pub(crate) fn put_bytes(out: &mut Vec<u8>, bytes: &[u8]) {
    put_length(out, bytes.len());
    out.extend_from_slice(bytes);
}

/// Takes parts off the front of stored bytes.
pub(crate) struct Parts<'a> {
    rest: &'a [u8],
}

impl<'a> Parts<'a> {
    pub(crate) fn new(bytes: &'a [u8]) -> Self {
        Self { rest: bytes }
    }

    pub(crate) fn rest(&self) -> &'a [u8] {
        self.rest
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.rest.is_empty()
    }

    pub(crate) fn take(&mut self, count: usize) -> Result<&'a [u8], Malformed> {
        let (taken, rest) = self.rest.split_at_checked(count).ok_or(Malformed)?;
        self.rest = rest;
        Ok(taken)
    }

    pub(crate) fn array<const N: usize>(&mut self) -> Result<[u8; N], Malformed> {
        self.take(N)?.try_into().map_err(|_| Malformed)
    }

    pub(crate) fn byte(&mut self) -> Result<u8, Malformed> {
        self.array::<1>().map(|[byte]| byte)
    }

    pub(crate) fn i64(&mut self) -> Result<i64, Malformed> {
        self.array().map(i64::from_be_bytes)
    }

    pub(crate) fn length(&mut self) -> Result<usize, Malformed> {
        let mut length = 0_u64;
        for shift in (0..64).step_by(7) {
            let byte = self.byte()?;
            length |= u64::from(byte & 0x7f) << shift;
            if byte < 0x80 {
                return usize::try_from(length).map_err(|_| Malformed);
            }
        }
        Err(Malformed)
    }

    pub(crate) fn bytes(&mut self) -> Result<&'a [u8], Malformed> {
        let length = self.length()?;
        self.take(length)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lengths_survive() {
        for n in [0, 1, 127, 128, 300, 65_535, 1 << 20, usize::MAX] {
            let mut out = Vec::new();
            put_length(&mut out, n);
            let mut parts = Parts::new(&out);
            assert_eq!(parts.length(), Ok(n));
            assert!(parts.is_empty());
        }
        assert_eq!(Parts::new(&[0x80]).length(), Err(Malformed));
        assert_eq!(Parts::new(&[0xff; 11]).length(), Err(Malformed));
        assert_eq!(Parts::new(&[5, 1, 2]).bytes(), Err(Malformed));
    }
}
