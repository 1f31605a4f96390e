//! What an open session still needs before its person may do anything else. Pure.
//!
//! It stays true that the needs come in one fixed order, so that a later step is never asked for, or passed, before an
//! earlier one: whoever has not shown who they are cannot enrol a browser, and a browser nobody enrolled accepts no terms.

use kairan_core::Role;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// The next thing that is missing.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Needs {
    /// The person has a second factor and has not shown it in this session.
    SecondFactor,
    /// The person must have a second factor and has none (R4).
    EnrolFactor,
    /// This browser is not enrolled (R12).
    Device,
    /// The terms for this device are not accepted in their present version.
    Consent,
    /// An administrator has to approve this device.
    Approval,
    /// Somebody else may know the password: its person chooses another.
    NewPassword,
}

impl Needs {
    /// Every need, in the order in which they are asked for.
    pub const ALL: [Self; 6] = [
        Self::SecondFactor,
        Self::EnrolFactor,
        Self::Device,
        Self::Consent,
        Self::Approval,
        Self::NewPassword,
    ];

    /// The stable name.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::SecondFactor => "second_factor",
            Self::EnrolFactor => "enrol_factor",
            Self::Device => "device",
            Self::Consent => "consent",
            Self::Approval => "approval",
            Self::NewPassword => "new_password",
        }
    }
}

/// The browser a session was opened in, as far as its standing depends on it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum DeviceFacts {
    /// The organisation does not ask which devices it is used on.
    NotAsked,
    /// Asked for, and not enrolled.
    Missing,
    /// Enrolled.
    Enrolled {
        /// Its person accepted the terms in their present version.
        consented: bool,
        /// An administrator approved it, or need not.
        approved: bool,
    },
}

/// What a session's standing follows from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Facts {
    /// The person has a second factor.
    pub has_factor: bool,
    /// One was shown in this session.
    pub factor_shown: bool,
    /// The person must have one.
    pub factor_demanded: bool,
    /// The browser.
    pub device: DeviceFacts,
    /// The person said that somebody else may know their password, and it is still the same.
    pub password_doubted: bool,
}

impl Facts {
    /// What is missing first; nothing when the session is complete.
    #[must_use]
    pub fn needs(&self) -> Option<Needs> {
        if self.has_factor && !self.factor_shown {
            return Some(Needs::SecondFactor);
        }
        if !self.has_factor && self.factor_demanded {
            return Some(Needs::EnrolFactor);
        }
        match self.device {
            DeviceFacts::Missing => Some(Needs::Device),
            DeviceFacts::Enrolled { consented: false, .. } => Some(Needs::Consent),
            DeviceFacts::Enrolled { approved: false, .. } => Some(Needs::Approval),
            DeviceFacts::NotAsked | DeviceFacts::Enrolled { .. } => {
                self.password_doubted.then_some(Needs::NewPassword)
            }
        }
    }
}

/// R4: those who hold powers over others must have a second factor.
#[must_use]
pub fn demands_factor(role: Role) -> bool {
    match role {
        Role::Owner | Role::Admin | Role::Auditor | Role::Hr => true,
        Role::Manager | Role::Member | Role::Partner => false,
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn facts() -> impl Strategy<Value = Facts> {
        let device = prop_oneof![
            Just(DeviceFacts::NotAsked),
            Just(DeviceFacts::Missing),
            (any::<bool>(), any::<bool>())
                .prop_map(|(consented, approved)| DeviceFacts::Enrolled { consented, approved }),
        ];
        (any::<bool>(), any::<bool>(), any::<bool>(), device, any::<bool>()).prop_map(
            |(has_factor, factor_shown, factor_demanded, device, password_doubted)| Facts {
                has_factor,
                factor_shown,
                factor_demanded,
                device,
                password_doubted,
            },
        )
    }

    /// The facts after the person did what was needed.
    fn met(facts: Facts, needs: Needs) -> Facts {
        let Facts { device, .. } = facts;
        let approved = matches!(device, DeviceFacts::Enrolled { approved: true, .. });
        let consented = matches!(device, DeviceFacts::Enrolled { consented: true, .. });
        match needs {
            Needs::SecondFactor => Facts { factor_shown: true, ..facts },
            Needs::EnrolFactor => Facts { has_factor: true, factor_shown: true, ..facts },
            Needs::Device => {
                Facts { device: DeviceFacts::Enrolled { consented: false, approved: false }, ..facts }
            }
            Needs::Consent => Facts { device: DeviceFacts::Enrolled { consented: true, approved }, ..facts },
            Needs::Approval => Facts { device: DeviceFacts::Enrolled { consented, approved: true }, ..facts },
            Needs::NewPassword => Facts { password_doubted: false, ..facts },
        }
    }

    /// R4
    #[test]
    fn whoever_holds_powers_must_have_a_factor() {
        for role in Role::ALL {
            let privileged = matches!(role, Role::Owner | Role::Admin | Role::Auditor | Role::Hr);
            assert_eq!(demands_factor(role), privileged, "{role:?}");
        }
    }

    #[test]
    fn names_are_those_of_the_wire() {
        for needs in Needs::ALL {
            assert_eq!(serde_json::to_value(needs).expect("a name"), needs.name());
        }
    }

    proptest! {
        /// Doing what is asked always leads on, never back, and ends.
        #[test]
        fn needs_come_in_their_order(start in facts()) {
            let (mut facts, mut last) = (start, None);
            while let Some(needs) = facts.needs() {
                prop_assert!(last < Some(needs), "{needs:?} after {last:?}");
                last = Some(needs);
                facts = met(facts, needs);
            }
        }

        /// R4, R12: nothing is complete without what is asked of it.
        #[test]
        fn complete_means_everything_is_there(facts in facts()) {
            let complete = facts.needs().is_none();
            let factor = if facts.has_factor { facts.factor_shown } else { !facts.factor_demanded };
            let device = matches!(
                facts.device,
                DeviceFacts::NotAsked | DeviceFacts::Enrolled { consented: true, approved: true }
            );
            prop_assert_eq!(complete, factor && device && !facts.password_doubted);
        }

        /// A demand never lessens what a session needs.
        #[test]
        fn a_demand_opens_nothing(facts in facts()) {
            let demanded = Facts { factor_demanded: true, ..facts };
            prop_assert!(facts.needs().is_none() || demanded.needs().is_some());
        }
    }
}
