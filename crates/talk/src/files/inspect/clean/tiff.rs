//! TIFF and the raw files of cameras: the directory of GPS, XMP, IPTC and Photoshop's resources are blanked where they lie.
//! The camera's own settings stay; they are part of how a raw file is developed.

use super::super::probe::Probe;
use super::super::tiff::{self, Entry};
use super::{Cleaned, Patches};

const GPS: u64 = 0x8825;
const TELLING: [u64; 3] = [0x02bc /* XMP */, 0x83bb /* IPTC */, 0x8649 /* Photoshop */];

pub fn clean(probe: &mut Probe<'_>) -> Option<Cleaned> {
    let mut patches = Patches::default();
    let size = probe.size();
    let (number, entries) = tiff::first(probe)?;
    for entry in &entries {
        if TELLING.contains(&entry.tag) {
            blank(entry, size, &mut patches);
        }
        if entry.tag == GPS {
            let directory = tiff::directory(probe, entry.value, number);
            for place in &directory {
                blank(place, size, &mut patches);
            }
        }
    }
    patches.end(size)
}

fn blank(entry: &Entry, size: u64, patches: &mut Patches) {
    let end = entry.at.saturating_add(entry.length).min(size);
    if entry.at < end {
        patches.blank(entry.at..end, 0);
    }
}
