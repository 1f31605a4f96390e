//! The Merkle tree of RFC 9162 §2: one hash that stands for a whole list of entries.
//!
//! It stays true that a root is a function of the entries and their order alone, and that the small proofs made here
//! are the RFC's, so that anybody can check them with a program of their own.

use std::ops::Range;

use sha2::{Digest, Sha256};

/// A SHA-256 hash.
pub type Hash = [u8; 32];

/// The root of a tree without entries: the hash of nothing (RFC 9162 §2.1.1).
#[must_use]
pub fn empty_root() -> Hash {
    Sha256::digest([]).into()
}

/// The hash of an entry. The leading zero keeps an entry from passing for an inner node.
#[must_use]
pub fn leaf_hash(entry: &[u8]) -> Hash {
    Sha256::new().chain_update([0]).chain_update(entry).finalize().into()
}

/// The hash of two neighbouring subtrees.
#[must_use]
pub fn node_hash(left: &Hash, right: &Hash) -> Hash {
    Sha256::new().chain_update([1]).chain_update(left).chain_update(right).finalize().into()
}

/// The right edge of a growing tree: the roots of its complete subtrees, largest first, one for each bit that is set
/// in its size. All that is needed to go on, 2 KiB at the very most.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Frontier {
    size: u64,
    peaks: Vec<Hash>,
}

impl Frontier {
    /// The frontier of an empty tree.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// How many entries the tree has.
    #[must_use]
    pub fn size(&self) -> u64 {
        self.size
    }

    /// Appends an entry, given as its [`leaf_hash`].
    pub fn push(&mut self, leaf: Hash) {
        let mut hash = leaf;
        for _ in 0..self.size.trailing_ones() {
            let left = self.peaks.pop().expect("there is a peak for each bit that is set in the size");
            hash = node_hash(&left, &hash);
        }
        self.peaks.push(hash);
        self.size += 1;
    }

    /// The root of the tree as it is now.
    #[must_use]
    pub fn root(&self) -> Hash {
        let smallest_first = self.peaks.iter().rev().copied();
        smallest_first.reduce(|right, left| node_hash(&left, &right)).unwrap_or_else(empty_root)
    }

    /// The peaks one after the other, for a table.
    #[must_use]
    pub fn peaks(&self) -> Vec<u8> {
        self.peaks.concat()
    }

    /// What [`Frontier::peaks`] gave for a tree of this size; `None` when the number of bytes cannot be right.
    #[must_use]
    pub fn restore(size: u64, peaks: &[u8]) -> Option<Self> {
        let (peaks, rest) = peaks.as_chunks::<32>();
        let complete = rest.is_empty() && peaks.len() == size.count_ones() as usize;
        complete.then(|| Self { size, peaks: peaks.to_vec() })
    }
}

/// The root over these leaf hashes.
#[must_use]
pub fn root(leaves: &[Hash]) -> Hash {
    let mut frontier = Frontier::new();
    for leaf in leaves {
        frontier.push(*leaf);
    }
    frontier.root()
}

/// Proves that the entry at `index` is in the tree over `leaves` (RFC 9162 §2.1.3.1): the hashes of the subtrees
/// beside its way to the root, nearest first. `None` when there is no such entry.
#[must_use]
pub fn inclusion_proof(leaves: &[Hash], index: usize) -> Option<Vec<Hash>> {
    if index >= leaves.len() {
        return None;
    }
    let mut beside = Vec::new();
    let mut here = 0..leaves.len();
    while here.len() > 1 {
        let (left, right) = split(&here);
        if index < right.start {
            beside.push(right);
            here = left;
        } else {
            beside.push(left);
            here = right;
        }
    }
    Some(roots_upwards(leaves, beside))
}

/// Proves that the tree over `leaves` continues the tree over its first `older` ones (RFC 9162 §2.1.4.1).
/// `None` when it was never that large.
#[must_use]
pub fn consistency_proof(leaves: &[Hash], older: usize) -> Option<Vec<Hash>> {
    if older > leaves.len() {
        return None;
    }
    let mut parts = Vec::new();
    let mut here = 0..leaves.len();
    // An empty older tree needs no proof; one whose root the checker has in its hand need not be repeated.
    while older > 0 && here.end != older {
        let (left, right) = split(&here);
        if older <= right.start {
            parts.push(right);
            here = left;
        } else {
            parts.push(left);
            here = right;
        }
    }
    if older > 0 && here.start > 0 {
        parts.push(here);
    }
    Some(roots_upwards(leaves, parts))
}

/// Checks an inclusion proof (RFC 9162 §2.1.3.2) for an entry given as its [`leaf_hash`].
#[must_use]
pub fn includes(root: &Hash, size: u64, index: u64, leaf: &Hash, proof: &[Hash]) -> bool {
    if index >= size {
        return false;
    }
    let (mut node, mut last, mut hash) = (index, size - 1, *leaf);
    for beside in proof {
        if last == 0 {
            return false;
        }
        if node & 1 == 1 || node == last {
            hash = node_hash(beside, &hash);
            // Levels where this node has no neighbour on its right have no hash in the proof.
            while node & 1 == 0 && node != 0 {
                node >>= 1;
                last >>= 1;
            }
        } else {
            hash = node_hash(&hash, beside);
        }
        node >>= 1;
        last >>= 1;
    }
    last == 0 && hash == *root
}

/// Checks a consistency proof (RFC 9162 §2.1.4.2): the tree of `newer` entries begins with the tree of `older` ones.
#[must_use]
pub fn continues(older: u64, older_root: &Hash, newer: u64, newer_root: &Hash, proof: &[Hash]) -> bool {
    if older == newer {
        return proof.is_empty() && older_root == newer_root;
    }
    if older == 0 {
        return proof.is_empty() && *older_root == empty_root();
    }
    // A complete older tree is itself the first part, and the proof leaves it out.
    let (start, rest) = match proof.split_first() {
        Some(_) if older.is_power_of_two() => (older_root, proof),
        Some((first, rest)) => (first, rest),
        None => return false,
    };
    if older > newer {
        return false;
    }
    let shared = (older - 1).trailing_ones();
    let (mut node, mut last) = ((older - 1) >> shared, (newer - 1) >> shared);
    let (mut older_hash, mut newer_hash) = (*start, *start);
    for part in rest {
        if last == 0 {
            return false;
        }
        if node & 1 == 1 || node == last {
            older_hash = node_hash(part, &older_hash);
            newer_hash = node_hash(part, &newer_hash);
            while node & 1 == 0 && node != 0 {
                node >>= 1;
                last >>= 1;
            }
        } else {
            newer_hash = node_hash(&newer_hash, part);
        }
        node >>= 1;
        last >>= 1;
    }
    last == 0 && older_hash == *older_root && newer_hash == *newer_root
}

/// Splits at the largest power of two below the length (RFC 9162 §2.1.1). Wants at least two entries.
fn split(range: &Range<usize>) -> (Range<usize>, Range<usize>) {
    let middle = range.start + (1 << (range.len() - 1).ilog2());
    (range.start..middle, middle..range.end)
}

/// The roots of subtrees that were met on the way down, in the order of a proof: upwards.
fn roots_upwards(leaves: &[Hash], met: Vec<Range<usize>>) -> Vec<Hash> {
    met.into_iter().rev().map(|range| root(&leaves[range])).collect()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// RFC 9162 §2.1.1 word for word.
    fn by_definition(leaves: &[Hash]) -> Hash {
        match leaves {
            [] => empty_root(),
            [leaf] => *leaf,
            more => {
                let mut k = 1;
                while k * 2 < more.len() {
                    k *= 2;
                }
                node_hash(&by_definition(&more[..k]), &by_definition(&more[k..]))
            }
        }
    }

    fn leaves(count: usize) -> Vec<Hash> {
        (0..count).map(|n| leaf_hash(&n.to_be_bytes())).collect()
    }

    #[test]
    fn the_roots_of_the_certificate_transparency_test_entries() {
        // The eight entries that the reference implementations of RFC 6962 and 9162 are tested with.
        let entries = [
            "",
            "00",
            "10",
            "2021",
            "3031",
            "40414243",
            "5051525354555657",
            "606162636465666768696a6b6c6d6e6f",
        ];
        let roots = [
            "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
            "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
            "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125",
            "aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77",
            "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
            "4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4",
            "76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef",
            "ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c",
            "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328",
        ];
        let mut frontier = Frontier::new();
        assert_eq!(hex::encode(frontier.root()), roots[0]);
        for (entry, root) in entries.iter().zip(&roots[1..]) {
            frontier.push(leaf_hash(&hex::decode(entry).unwrap()));
            assert_eq!(hex::encode(frontier.root()), *root);
        }
    }

    #[test]
    fn the_proofs_of_the_rfcs_example_tree_of_seven() {
        // RFC 9162 §2.1.5: leaves a b c d e f j → d0…d6 below, g=ab h=cd i=ef k=gh l=ij.
        let d = leaves(7);
        let (g, h, i) = (node_hash(&d[0], &d[1]), node_hash(&d[2], &d[3]), node_hash(&d[4], &d[5]));
        let (k, l) = (node_hash(&g, &h), node_hash(&i, &d[6]));
        assert_eq!(inclusion_proof(&d, 0), Some(vec![d[1], h, l]));
        assert_eq!(inclusion_proof(&d, 3), Some(vec![d[2], g, l]));
        assert_eq!(inclusion_proof(&d, 4), Some(vec![d[5], d[6], k]));
        assert_eq!(inclusion_proof(&d, 6), Some(vec![i, k]));
        assert_eq!(consistency_proof(&d, 3), Some(vec![d[2], d[3], g, l]));
        assert_eq!(consistency_proof(&d, 4), Some(vec![l]));
        assert_eq!(consistency_proof(&d, 6), Some(vec![i, d[6], k]));
        assert_eq!(root(&d), node_hash(&k, &l));
    }

    #[test]
    fn every_proof_of_every_small_tree_holds() {
        for size in 0..40 {
            let tree = leaves(size);
            let whole = root(&tree);
            assert_eq!(inclusion_proof(&tree, size), None);
            assert_eq!(consistency_proof(&tree, size + 1), None);
            for (index, leaf) in tree.iter().enumerate() {
                let proof = inclusion_proof(&tree, index).unwrap();
                assert!(includes(&whole, size as u64, index as u64, leaf, &proof));
            }
            for older in 0..=size {
                let proof = consistency_proof(&tree, older).unwrap();
                assert!(continues(older as u64, &root(&tree[..older]), size as u64, &whole, &proof));
            }
        }
    }

    proptest! {
        #[test]
        fn the_frontier_gives_the_defined_root(size in 0_usize..300, cut in 0_usize..300) {
            let tree = leaves(size);
            let (first, second) = tree.split_at(cut.min(size));
            let mut frontier = Frontier::new();
            first.iter().for_each(|leaf| frontier.push(*leaf));
            let mut frontier = Frontier::restore(frontier.size(), &frontier.peaks()).unwrap();
            second.iter().for_each(|leaf| frontier.push(*leaf));
            prop_assert_eq!(frontier.root(), by_definition(&tree));
            prop_assert_eq!(Frontier::restore(size as u64 + 1, &frontier.peaks()).is_some(),
                            (size as u64 + 1).count_ones() == (size as u64).count_ones());
        }

        #[test]
        fn an_inclusion_proof_holds_for_its_entry_only(size in 1_usize..300, at: prop::sample::Index, other: prop::sample::Index) {
            let tree = leaves(size);
            let (index, other) = (at.index(size), other.index(size));
            let proof = inclusion_proof(&tree, index).unwrap();
            let holds = |position: usize, leaf: usize| {
                includes(&by_definition(&tree), size as u64, position as u64, &tree[leaf], &proof)
            };
            prop_assert!(holds(index, index));
            prop_assert_eq!(holds(index, other), other == index);
            prop_assert_eq!(holds(other, index), other == index);
        }

        #[test]
        fn a_consistency_proof_fails_for_a_changed_past(
            size in 2_usize..300, older: prop::sample::Index, changed: prop::sample::Index, bit in 0_u8..8,
        ) {
            let tree = leaves(size);
            let older = 1 + older.index(size - 1);
            let mut forked = tree.clone();
            forked[changed.index(older)][0] ^= 1 << bit;
            let (old_root, sizes) = (by_definition(&tree[..older]), (older as u64, size as u64));
            let proof = consistency_proof(&tree, older).unwrap();
            prop_assert!(continues(sizes.0, &old_root, sizes.1, &by_definition(&tree), &proof));
            let forged = consistency_proof(&forked, older).unwrap();
            prop_assert!(!continues(sizes.0, &old_root, sizes.1, &by_definition(&forked), &forged));
            prop_assert!(!continues(sizes.0, &old_root, sizes.1, &by_definition(&forked), &proof));
        }

        #[test]
        fn a_damaged_proof_never_holds(size in 2_usize..300, at: prop::sample::Index, hit: prop::sample::Index, longer: bool) {
            let tree = leaves(size);
            let index = at.index(size);
            let mut proof = inclusion_proof(&tree, index).unwrap();
            if longer { proof.push(tree[0]) } else { let hit = hit.index(proof.len()); proof[hit][31] ^= 1; }
            prop_assert!(!includes(&root(&tree), size as u64, index as u64, &tree[index], &proof));
            proof.clear();
            prop_assert!(!includes(&root(&tree), size as u64, index as u64, &tree[index], &proof));
        }
    }
}
