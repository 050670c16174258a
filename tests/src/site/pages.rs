//! Bodies of pages.

/// A page with a title, a description, and an image at a path.
pub fn card(title: &str, description: &str, image: &str) -> String {
    format!(
        "<!doctype html><html><head><title>plain title</title>
         <meta property=\"og:title\" content=\"{title}\">
         <meta property=\"og:description\" content=\"{description}\">
         <meta property=\"og:site_name\" content=\"The Site\">
         <meta property=\"og:image\" content=\"{image}\">
         <link rel=\"icon\" href=\"/icon.png\"></head><body>text</body></html>"
    )
}

/// Zeros that gzip packs into a thousandth of their bytes: stored once, then repeated by blocks of one match each
/// (RFC 1951). The checksum at the end is wrong, as nobody who reads on to it has a bound.
pub fn bomb(mebibytes: usize) -> Vec<u8> {
    let mut bits = Bits::default();
    // One block with fixed codes: a literal zero, then the longest match at distance one, again and again.
    bits.put(1, 1);
    bits.put(0b01, 2);
    bits.put_code(0b0011_0000, 8);
    for _ in 0..mebibytes * 1024 * 1024 / 258 {
        bits.put_code(0b1100_0101, 8);
        bits.put_code(0, 5);
    }
    bits.put_code(0, 7);
    let head = [0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 255];
    [&head[..], &bits.done(), &[0; 8]].concat()
}

/// Bits from the lowest of each byte.
#[derive(Default)]
struct Bits {
    bytes: Vec<u8>,
    used: usize,
}

impl Bits {
    fn put(&mut self, value: u32, count: usize) {
        for at in 0..count {
            if self.used.is_multiple_of(8) {
                self.bytes.push(0);
            }
            let bit = u8::from(value >> at & 1 == 1);
            if let Some(last) = self.bytes.last_mut() {
                *last |= bit << (self.used % 8);
            }
            self.used += 1;
        }
    }

    /// A code of Huffman, whose highest bit comes first.
    fn put_code(&mut self, code: u32, count: usize) {
        for at in (0..count).rev() {
            self.put(code >> at & 1, 1);
        }
    }

    fn done(self) -> Vec<u8> {
        self.bytes
    }
}
