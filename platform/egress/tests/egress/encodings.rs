//! Ways to write an internal address in a URL.

use std::collections::BTreeSet;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use crate::names::{Question, Reply, addresses};

/// IPv4 addresses that are not public: of each network of the registry, and its ends.
const V4: [[u8; 4]; 32] = [
    [127, 0, 0, 1],
    [127, 0, 0, 53],
    [127, 1, 2, 3],
    [127, 255, 255, 254],
    [0, 0, 0, 0],
    [0, 1, 2, 3],
    [10, 0, 0, 1],
    [10, 255, 255, 254],
    [100, 64, 0, 1],
    [100, 100, 100, 200],
    [100, 127, 255, 254],
    [168, 63, 129, 16],
    [169, 254, 0, 1],
    [169, 254, 169, 254],
    [172, 16, 0, 1],
    [172, 17, 0, 1],
    [172, 31, 255, 254],
    [192, 0, 0, 192],
    [192, 0, 2, 1],
    [192, 88, 99, 1],
    [192, 168, 0, 1],
    [192, 168, 1, 254],
    [192, 168, 255, 254],
    [198, 18, 0, 1],
    [198, 19, 255, 254],
    [198, 51, 100, 7],
    [203, 0, 113, 9],
    [224, 0, 0, 1],
    [239, 255, 255, 250],
    [240, 0, 0, 1],
    [255, 255, 255, 254],
    [255, 255, 255, 255],
];

/// IPv6 addresses that are not public.
const V6: [&str; 22] = [
    "::",
    "::1",
    "100::1",
    "64:ff9b::1",
    "64:ff9b:1::1",
    "1000::1",
    "2001::1",
    "2001:2::1",
    "2001:10::1",
    "2001:20::1",
    "2001:db8::1",
    "2002::1",
    "3fff::1",
    "4000::1",
    "5f00::1",
    "fc00::1",
    "fd00:ec2::254",
    "fe80::1",
    "febf::1",
    "fec0::1",
    "ff02::1",
    "ff0e::1",
];

/// Names that are of a machine itself.
const NAMES: [&str; 8] = [
    "localhost",
    "LOCALHOST",
    "localhost.",
    "a.localhost",
    "%6c%6f%63%61%6c%68%6f%73%74",
    "ｌｏｃａｌｈｏｓｔ",
    "ⓛⓞⓒⓐⓛⓗⓞⓢⓣ",
    "local\u{ad}host",
];

/// Hosts of URLs, each once. Names below `zone` have their address in the first label: see [`resolved`].
pub fn hosts(zone: &str) -> BTreeSet<String> {
    let v4 = V4.into_iter().flat_map(|octets| of_v4(octets, zone));
    let v6 = V6.into_iter().flat_map(|text| of_v6(text.parse().unwrap(), zone));
    v4.chain(v6).chain(NAMES.map(str::to_owned)).collect()
}

/// What a name server says of these hosts: names of a machine itself are loopback, and each name below the
/// zone has the address that its first label says; mapped ones are IPv4 as well.
pub fn resolved(question: &Question, zone: &str) -> Reply {
    if question.name.rsplit('.').next() == Some("localhost") {
        return addresses(question, &[Ipv4Addr::LOCALHOST.into(), Ipv6Addr::LOCALHOST.into()]);
    }
    let Some(address) = named(question.name, zone) else { return Reply::NoName };
    let v4 = address.to_ipv4_mapped().map(IpAddr::V4);
    let all: Vec<IpAddr> = [Some(IpAddr::V6(address)), v4].into_iter().flatten().collect();
    addresses(question, &all)
}

fn named(name: &str, zone: &str) -> Option<Ipv6Addr> {
    let digits = name.strip_suffix(zone)?.strip_suffix('.')?.strip_prefix('x')?;
    Some(Ipv6Addr::from(u128::from_str_radix(digits, 16).ok()?))
}

fn label(address: Ipv6Addr, zone: &str) -> String {
    format!("x{:032x}.{zone}", u128::from(address))
}

fn of_v4(octets: [u8; 4], zone: &str) -> Vec<String> {
    let address = Ipv4Addr::from(octets);
    let whole = u32::from(address);
    let [a, b, c, d] = octets.map(u32::from);
    let (last_two, last_three) = (whole & 0xffff, whole & 0xff_ffff);
    let (high, low) = (whole >> 16, whole & 0xffff);
    let dotted = address.to_string();
    let mapped = address.to_ipv6_mapped();
    let numbers = vec![
        dotted.clone(),
        format!("{dotted}."),
        format!("{whole}"),
        format!("{whole}."),
        format!("0{whole:o}"),
        format!("000{whole:o}"),
        format!("0x{whole:x}"),
        format!("0X{whole:X}"),
        format!("0x00000000{whole:08x}"),
        format!("0{a:o}.0{b:o}.0{c:o}.0{d:o}"),
        format!("000{a:o}.000{b:o}.000{c:o}.000{d:o}"),
        format!("0x{a:x}.0x{b:x}.0x{c:x}.0x{d:x}"),
        format!("0X{a:02X}.0X{b:02X}.0X{c:02X}.0X{d:02X}."),
        format!("0x{a:x}.{b}.0{c:o}.{d}"),
        format!("{a}.0x{b:x}.{c}.0{d:o}"),
        format!("0{a:o}.{b}.{c}.0x{d:x}"),
        format!("{a}.{b}.{last_two}"),
        format!("0x{a:x}.0x{b:x}.0x{last_two:x}"),
        format!("0{a:o}.{b}.0x{last_two:x}"),
        format!("{a}.{last_three}"),
        format!("0x{a:x}.0{last_three:o}"),
        format!("0{a:o}.0x{last_three:x}."),
    ];
    let letters = [
        escaped(&dotted, |c| c.is_ascii_digit()),
        escaped(&dotted, |c| c == '.'),
        escaped(&dotted, |_| true),
        escaped(&format!("0x{whole:x}"), |_| true),
        digits(&dotted, '０'),
        digits(&dotted, '𝟎'),
        digits(&dotted, '𝟘'),
        digits(&dotted, '𝟢'),
        digits(&dotted, '𝟶'),
        circled(&dotted),
        escaped(&digits(&dotted, '０'), |c| !c.is_ascii()),
        digits(&format!("{whole}"), '０'),
        dotted.replace('.', "。"),
        dotted.replace('.', "．"),
        dotted.replace('.', "｡"),
        dotted.replacen('.', ".\u{ad}", 1),
        dotted.replacen('.', "\t.\n", 1),
    ];
    let embedded = [
        format!("[{mapped}]"),
        format!("[::ffff:{high:x}:{low:x}]"),
        format!("[0:0:0:0:0:FFFF:{high:04X}:{low:04X}]"),
        format!("[0000:0000:0000:0000:0000:ffff:{dotted}]"),
        format!("[::{dotted}]"),
        format!("[::ffff:0:{dotted}]"),
        format!("[64:ff9b::{dotted}]"),
        format!("[64:ff9b:1::{dotted}]"),
        format!("[2002:{high:x}:{low:x}::1]"),
        format!("[2001:0:{high:x}:{low:x}::1]"),
        format!("[2001::{:x}:{:x}]", high ^ 0xffff, low ^ 0xffff),
        format!("[fe80::5efe:{dotted}]"),
        label(mapped, zone),
    ];
    [numbers, letters.into(), embedded.into()].concat()
}

fn of_v6(address: Ipv6Addr, zone: &str) -> Vec<String> {
    let groups = address.segments();
    let whole = groups.map(|group| format!("{group:04x}")).join(":");
    let short = groups.map(|group| format!("{group:x}")).join(":");
    let [.., high, low] = groups;
    let last = Ipv4Addr::from((u32::from(high) << 16) | u32::from(low));
    let mixed = groups[..6].iter().map(|group| format!("{group:x}")).collect::<Vec<_>>().join(":");
    vec![
        format!("[{address}]"),
        format!("[{whole}]"),
        format!("[{}]", whole.to_uppercase()),
        format!("[{short}]"),
        format!("[{mixed}:{last}]"),
        label(address, zone),
        label(address, &format!("{zone}.")),
    ]
}

fn escaped(text: &str, which: impl Fn(char) -> bool) -> String {
    let escape = |c: char| c.to_string().bytes().map(|byte| format!("%{byte:02x}")).collect::<String>();
    text.chars().map(|c| if which(c) { escape(c) } else { c.to_string() }).collect()
}

/// With digits of another script or style, of which the zero is given.
fn digits(text: &str, zero: char) -> String {
    let other = |c: char| c.to_digit(10).and_then(|digit| char::from_u32(zero as u32 + digit)).unwrap_or(c);
    text.chars().map(other).collect()
}

fn circled(text: &str) -> String {
    let other = |c: char| match c.to_digit(10) {
        Some(0) => '⓪',
        Some(digit) => char::from_u32('①' as u32 + digit - 1).unwrap_or(c),
        None => c,
    };
    text.chars().map(other).collect()
}
