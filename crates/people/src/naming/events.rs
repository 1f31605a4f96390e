//! What can have happened to a member's wish for another name.

use kairan_core::MemberId;
use serde::{Deserialize, Serialize};

kairan_storage::facts! {
    /// Stream: the organisation's, as the name itself.
    pub enum NameFact {
        "name.asked" => Asked(Asked),
        "name.withdrawn" => Withdrawn(Withdrawn),
        "name.granted" => Granted(Granted),
        "name.refused" => Refused(Refused),
    }
}

/// A member asked for this name. What they asked for before is void.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Asked {
    /// Who.
    pub member: MemberId,
    /// The name.
    pub display_name: String,
}

/// They do not want it any more, or have read why not.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Withdrawn {
    /// Who.
    pub member: MemberId,
}

/// It is theirs; the change of the record follows in the same commit.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Granted {
    /// Whose.
    pub member: MemberId,
    /// The name.
    pub display_name: String,
}

/// It is not.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Refused {
    /// Whose.
    pub member: MemberId,
    /// The name.
    pub display_name: String,
    /// Why not, for them.
    pub reason: String,
}

#[cfg(test)]
mod tests {
    use kairan_core::ids::Id;
    use serde_json::json;

    use super::*;

    #[test]
    fn stored_bodies_are_read_back() {
        let member = MemberId::nil();
        let stored = json!({"member": member, "display_name": "乙川（駅前）", "reason": "部署と違います。"});
        let expected =
            Refused {
                member, display_name: "乙川（駅前）".into(), reason: "部署と違います。".into()
            };
        assert_eq!(serde_json::from_value::<Refused>(stored.clone()).expect("a refusal"), expected);
        assert!(serde_json::from_value::<Asked>(stored.clone()).is_ok());
        assert!(serde_json::from_value::<Granted>(stored.clone()).is_ok());
        assert!(serde_json::from_value::<Withdrawn>(stored).is_ok());
    }
}
