//! R46: what an archive would become.

use std::io::Write;

use kairan_talk::files::inspect::{ENTRY_LIMIT, SIZE_LIMIT};
use zip::write::SimpleFileOptions;

use crate::samples::{gzipped, look, refused, tarred, zipped};

const MEBIBYTE: usize = 1 << 20;

/// Counted, not random: it packs to about a third.
fn noise(length: usize) -> Vec<u8> {
    let mut state = 1_u32;
    std::iter::repeat_with(|| {
        state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        (state >> 24) as u8
    })
    .take(length)
    .collect()
}

/// R46
#[test]
fn a_bomb_is_refused_whatever_it_is_packed_in() {
    let zeros = vec![0; 64 * MEBIBYTE];
    assert_eq!(refused(&zipped(&[("a", &zeros)]), "a.zip"), "archive.ratio");
    assert_eq!(refused(&gzipped(&zeros), "a.gz"), "archive.ratio");
    assert_eq!(refused(&gzipped(&tarred(&[("a", b'0', "", &zeros)])), "a.tar.gz"), "archive.ratio");
    let document = zipped(&[("[Content_Types].xml", b""), ("word/document.xml", &zeros)]);
    assert_eq!(refused(&document, "a.docx"), "archive.ratio");
}

/// R46
#[test]
fn what_is_merely_well_packed_is_taken() {
    assert!(look(&zipped(&[("a", &vec![0; 9 * MEBIBYTE])]), "a.zip", None).is_ok(), "below the floor");
    let half = [noise(MEBIBYTE), vec![0; 40 * MEBIBYTE]].concat();
    assert!(look(&zipped(&[("a", &half)]), "a.zip", None).is_ok(), "41 times");
    assert!(look(&gzipped(&tarred(&[("a/b.txt", b'0', "", &half)])), "a.tgz", None).is_ok());
}

/// R46
#[test]
fn declared_sizes_are_not_believed() {
    let mut bomb = zipped(&[("a", &vec![0; 64 * MEBIBYTE])]);
    // Both headers say 1 byte; the local one is first, the list's entry has its size two bytes further in.
    let list = bomb.windows(4).rposition(|four| four == b"PK\x01\x02").expect("a list");
    bomb[22..26].copy_from_slice(&1_u32.to_le_bytes());
    bomb[list + 24..list + 28].copy_from_slice(&1_u32.to_le_bytes());
    assert_eq!(refused(&bomb, "a.zip"), "archive.ratio");
}

/// R46
#[test]
fn entries_that_overlap_are_counted_each() {
    let packed = zipped(&[("a", &[noise(MEBIBYTE), vec![0; 90 * MEBIBYTE]].concat())]);
    let list = packed.windows(4).rposition(|four| four == b"PK\x01\x02").expect("a list");
    let end = packed.windows(4).rposition(|four| four == b"PK\x05\x06").expect("an end");
    let entry = &packed[list..end];
    // The same entry twelve times: 1.07 GiB out of one MiB.
    let mut tail = packed[end..].to_vec();
    tail[8..12].copy_from_slice(&[12, 0, 12, 0]);
    tail[12..16].copy_from_slice(&u32::try_from(entry.len() * 12).expect("fits").to_le_bytes());
    let bomb = [&packed[..list], &entry.repeat(12), &tail].concat();
    assert_eq!(refused(&bomb, "a.zip"), "archive.ratio");
}

/// R46
#[test]
fn a_gibibyte_is_the_limit() {
    // 12 MiB of noise and enough zeros: the ratio is 86.
    let stored = noise(12 * MEBIBYTE);
    let mut writer = zip::ZipWriter::new(std::io::Cursor::new(Vec::new()));
    writer.start_file("noise", SimpleFileOptions::default()).expect("named");
    writer.write_all(&stored).expect("packed");
    writer.start_file("zeros", SimpleFileOptions::default()).expect("named");
    let zeros = vec![0; MEBIBYTE];
    for _ in 0..(SIZE_LIMIT >> 20) {
        writer.write_all(&zeros).expect("packed");
    }
    let archive = writer.finish().expect("whole").into_inner();
    assert_eq!(refused(&archive, "a.zip"), "archive.too_large");
}

/// R46
#[test]
fn ten_thousand_entries_are_the_limit() {
    let names: Vec<String> = (0..=ENTRY_LIMIT).map(|number| number.to_string()).collect();
    let zip_of = |count: u64| {
        let entries = names.iter().take(usize::try_from(count).expect("fits"));
        zipped(&entries.map(|name| (name.as_str(), &b""[..])).collect::<Vec<_>>())
    };
    assert!(look(&zip_of(ENTRY_LIMIT), "a.zip", None).is_ok());
    assert_eq!(refused(&zip_of(ENTRY_LIMIT + 1), "a.zip"), "archive.too_many_entries");
    let entries: Vec<_> = names.iter().map(|name| (name.as_str(), b'0', "", &b""[..])).collect();
    assert_eq!(refused(&tarred(&entries), "a.tar"), "archive.too_many_entries");
}

/// R46
#[test]
fn names_that_lead_outside_are_refused() {
    for name in ["../a", "a/../../b", "/etc/passwd", "C:\\a", "a\\..\\..\\b"] {
        assert_eq!(refused(&zipped(&[("good", b""), (name, b"x")]), "a.zip"), "archive.names", "{name}");
        let tar = tarred(&[("good", b'0', "", b""), (name, b'0', "", b"x")]);
        assert_eq!(refused(&tar, "a.tar"), "archive.names", "{name}");
        assert_eq!(refused(&gzipped(&tar), "a.tgz"), "archive.names", "{name}");
    }
    let hidden = {
        // The list says one name, the entry's own header another.
        let mut archive = zipped(&[("good/name", b"x")]);
        archive[30..39].copy_from_slice(b"../../bad");
        archive
    };
    assert_eq!(refused(&hidden, "a.zip"), "archive.names");
    let long = format!("{}/../../../x", "a".repeat(200));
    let mut builder = tar::Builder::new(Vec::new());
    let mut header = tar::Header::new_gnu();
    header.set_path("././@LongLink").expect("named");
    header.set_entry_type(tar::EntryType::GNULongName);
    header.set_size(long.len() as u64);
    header.set_cksum();
    builder.append(&header, long.as_bytes()).expect("appended");
    let mut named = tar::Header::new_gnu();
    named.set_path("short").expect("named");
    named.set_size(0);
    named.set_cksum();
    builder.append(&named, &b""[..]).expect("appended");
    assert_eq!(refused(&builder.into_inner().expect("whole"), "a.tar"), "archive.names");
}

/// R46
#[test]
fn links_that_lead_outside_are_refused() {
    for (kind, target) in [(b'2', "/etc/passwd"), (b'2', "../../etc"), (b'1', "../a")] {
        let tar = tarred(&[("folder/link", kind, target, b"")]);
        assert_eq!(refused(&tar, "a.tar"), "archive.names", "{target}");
    }
    assert!(look(&tarred(&[("lib/a.so", b'2', "../lib/a.so.1", b"")]), "a.tar", None).is_ok());
    let mut writer = zip::ZipWriter::new(std::io::Cursor::new(Vec::new()));
    writer.add_symlink("a/link", "../../etc", SimpleFileOptions::default()).expect("linked");
    assert_eq!(refused(&writer.finish().expect("whole").into_inner(), "a.zip"), "archive.names");
}

/// R46
#[test]
fn what_is_damaged_is_said_to_be() {
    let whole = zipped(&[("a.txt", &noise(5000))]);
    assert_eq!(refused(&whole[..whole.len() / 2], "a.zip"), "archive.unreadable");
    let mut broken = whole.clone();
    // The first block is of the kind that there is not (RFC 1951, 3.2.3).
    broken[35..60].fill(0xff);
    assert_eq!(refused(&broken, "a.zip"), "archive.unreadable");
    let gz = gzipped(&noise(5000));
    assert_eq!(refused(&gz[..gz.len() / 2], "a.gz"), "archive.unreadable");
    // What only happens to begin like an archive may be anything.
    assert!(look(&gz[..gz.len() / 2], "a.dat", None).is_ok());
    let tar = tarred(&[("a", b'0', "", &noise(5000))]);
    assert_eq!(refused(&tar[..2000], "a.tar"), "archive.unreadable");
}

/// R46
#[test]
fn what_stands_in_front_and_behind_is_no_hindrance() {
    let whole = zipped(&[("a.txt", b"a")]);
    let empty = zip::ZipWriter::new(std::io::Cursor::new(Vec::new())).finish().expect("whole").into_inner();
    assert!(look(&empty, "a.zip", None).is_ok());
    let moved = [&zipped(&[("b", b"b")])[..40], &whole].concat();
    assert!(look(&moved, "a.zip", None).is_ok(), "offsets count from where the archive begins");
}

/// R46
#[test]
fn archives_inside_are_not_entered() {
    let inner = zipped(&[("a", &vec![0; 64 * MEBIBYTE])]);
    assert!(look(&zipped(&[("inner.zip", &inner)]), "a.zip", None).is_ok());
}
