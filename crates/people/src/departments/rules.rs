//! What the tree may look like. Pure.

use std::collections::HashMap;

use kairan_core::{DepartmentId, FieldFault, Refusal, text};
use serde::Serialize;

use crate::members::rules::line_fault;

kairan_core::codes! {
    DEPARTMENT_NAME_TAKEN = 409 "department.name_taken", "同じ場所に「{name}」がもうあります。別の名前にしてください。", "There is already a “{name}” in this place. Choose another name.";
    DEPARTMENT_CYCLE = 409 "department.cycle", "部署を、自分の下の部署の中へは移せません。別の場所を選んでください。", "A department cannot move into one below itself. Choose another place.";
    DEPARTMENT_DEEP = 422 "department.too_deep", "部署は{limit}段までにしてください。", "Departments may be {limit} levels deep at most.";
    DEPARTMENT_NOT_EMPTY = 409 "department.not_empty", "この部署には、人か下の部署がまだあります。先に移してください。", "There are still people or departments in it. Move them first.";
    DEPARTMENT_PARENT = 422 "department.parent_unknown", "上の部署が見つかりません。選び直してください。", "The parent department does not exist. Choose again.";
}

/// Most levels.
pub const DEPTH_LIMIT: usize = 10;
const NAME_LIMIT: usize = 60;

/// One department.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Department {
    /// Its id.
    pub id: DepartmentId,
    /// What it is part of.
    pub parent: Option<DepartmentId>,
    /// Its name, without those above it.
    pub name: String,
    /// Place among its siblings, smallest first.
    pub order: i64,
}

/// The whole tree.
#[derive(Debug, Clone, Default)]
pub struct Tree(HashMap<DepartmentId, Department>);

impl Tree {
    /// From its departments, in any order.
    pub fn new(departments: impl IntoIterator<Item = Department>) -> Self {
        Self(departments.into_iter().map(|department| (department.id, department)).collect())
    }

    /// One of them.
    #[must_use]
    pub fn get(&self, id: DepartmentId) -> Option<&Department> {
        self.0.get(&id)
    }

    /// Adds one that passed the rules.
    pub fn add(&mut self, department: Department) {
        self.0.insert(department.id, department);
    }

    /// Those directly under `parent`.
    pub fn children(&self, parent: Option<DepartmentId>) -> impl Iterator<Item = &Department> {
        self.0.values().filter(move |department| department.parent == parent)
    }

    /// The child of `parent` with this name; width, case and kana do not tell names apart.
    #[must_use]
    pub fn named(&self, parent: Option<DepartmentId>, name: &str) -> Option<&Department> {
        let folded = text::fold(name);
        self.children(parent).find(|department| text::fold(&department.name) == folded)
    }

    /// The department and all above it, from itself up. Ends even if a cycle were stored.
    #[must_use]
    pub fn upward(&self, id: DepartmentId) -> Vec<&Department> {
        let mut path = Vec::new();
        let mut next = self.get(id);
        while let Some(department) = next {
            path.push(department);
            if path.len() > self.0.len() {
                break;
            }
            next = department.parent.and_then(|parent| self.get(parent));
        }
        path
    }

    /// Its names from the top, `本部/総務課`.
    #[must_use]
    pub fn path(&self, id: DepartmentId) -> String {
        let mut names =
            self.upward(id).into_iter().map(|department| department.name.as_str()).collect::<Vec<_>>();
        names.reverse();
        names.join("/")
    }

    /// The place after the last child of `parent`.
    #[must_use]
    pub fn next_order(&self, parent: Option<DepartmentId>) -> i64 {
        self.children(parent).map(|department| department.order + 1).max().unwrap_or(0)
    }

    /// Levels below `id`, itself included.
    fn height(&self, id: DepartmentId) -> usize {
        1 + self.children(Some(id)).map(|child| self.height(child.id)).max().unwrap_or(0)
    }

    /// Whether a department may stand under `parent` with this name; `moving` when it is already in the tree.
    ///
    /// # Errors
    /// The reason: unknown parent, a cycle, too deep, or a sibling of that name.
    pub fn may_stand(
        &self,
        parent: Option<DepartmentId>,
        name: &str,
        moving: Option<DepartmentId>,
    ) -> Result<(), Refusal> {
        let above = match parent {
            None => Vec::new(),
            Some(parent) if self.get(parent).is_none() => {
                return Err(Refusal::fields(vec![FieldFault::new("parent", &DEPARTMENT_PARENT)]));
            }
            Some(parent) => self.upward(parent),
        };
        if moving.is_some_and(|moving| above.iter().any(|department| department.id == moving)) {
            return Err(Refusal::new(&DEPARTMENT_CYCLE));
        }
        if above.len() + moving.map_or(1, |moving| self.height(moving)) > DEPTH_LIMIT {
            return Err(Refusal::new(&DEPARTMENT_DEEP).fact("limit", DEPTH_LIMIT));
        }
        match self.named(parent, name) {
            Some(twin) if Some(twin.id) != moving => {
                Err(Refusal::new(&DEPARTMENT_NAME_TAKEN).fact("name", &twin.name))
            }
            _ => Ok(()),
        }
    }
}

/// A department's name as stored. `/` parts the levels in CSV files, so it is not in a name.
///
/// # Errors
/// The fault of the field `name`.
pub fn name(raw: &str) -> Result<String, Refusal> {
    let name =
        text::line(raw, NAME_LIMIT).map_err(|fault| Refusal::fields(vec![line_fault("name", fault)]))?;
    if name.contains(['/', '／']) {
        let fault = FieldFault::new("name", &kairan_core::refusal::FIELD_CHARACTERS);
        return Err(Refusal::fields(vec![fault]));
    }
    Ok(name)
}

#[cfg(test)]
mod tests {
    use kairan_core::surroundings::held;
    use proptest::prelude::*;

    use super::*;

    fn id(number: u64) -> DepartmentId {
        held::surroundings(number).0.id()
    }
    fn department(number: u64, parent: Option<u64>, name: &str) -> Department {
        Department { id: id(number), parent: parent.map(id), name: name.into(), order: 0 }
    }

    #[test]
    fn a_department_does_not_move_below_itself() {
        let tree = Tree::new([
            department(1, None, "本部"),
            department(2, Some(1), "総務"),
            department(3, Some(2), "庶務"),
        ]);
        assert_eq!(tree.path(id(3)), "本部/総務/庶務");
        for below in [1, 2, 3] {
            let refusal = tree.may_stand(Some(id(below)), "本部", Some(id(1))).expect_err("a cycle");
            assert_eq!(refusal.code.name, "department.cycle");
        }
        assert!(tree.may_stand(None, "庶務", Some(id(3))).is_ok());
    }

    #[test]
    fn siblings_have_different_names() {
        let tree = Tree::new([department(1, None, "１号店"), department(2, Some(1), "レジ")]);
        assert_eq!(
            tree.may_stand(None, "1号店", None).expect_err("the same").code.name,
            "department.name_taken"
        );
        assert!(tree.may_stand(None, "1号店", Some(id(1))).is_ok(), "it may keep its own name");
        assert!(tree.may_stand(None, "レジ", None).is_ok(), "elsewhere the name is free");
    }

    #[test]
    fn ten_levels_and_no_more() {
        let tree = Tree::new((1..=10).map(|n| department(n, (n > 1).then(|| n - 1), &format!("段{n}"))));
        assert_eq!(
            tree.may_stand(Some(id(10)), "下", None).expect_err("too deep").code.name,
            "department.too_deep"
        );
        assert!(tree.may_stand(Some(id(9)), "下", None).is_ok());
    }

    proptest! {
        /// Whatever moves are allowed, everything stays reachable from the top within the depth limit.
        #[test]
        fn allowed_moves_keep_a_tree(moves in proptest::collection::vec((0u64..12, 0u64..13), 1..60)) {
            let mut tree = Tree::new((0..12).map(|n| department(n, None, &format!("部{n}"))));
            for (what, to) in moves {
                let parent = (to < 12).then(|| id(to));
                let mut moved = tree.get(id(what)).expect("there").clone();
                if tree.may_stand(parent, &moved.name, Some(moved.id)).is_ok() {
                    moved.parent = parent;
                    tree.add(moved);
                }
                for n in 0..12 {
                    let path = tree.upward(id(n));
                    prop_assert!(path.len() <= DEPTH_LIMIT);
                    prop_assert_eq!(path.last().expect("itself").parent, None);
                }
            }
        }
    }
}
