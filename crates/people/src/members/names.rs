//! Schemas of enums that live where no web crate may be known. Only their schemas are used.

/// Schema of [`super::rules::Kind`].
#[derive(utoipa::ToSchema)]
#[schema(as = Kind, rename_all = "snake_case")]
pub enum Kind {
    /// 社員.
    Employee,
    /// パート・アルバイト.
    PartTime,
    /// 取引先.
    Partner,
    /// BOT.
    Bot,
}

/// Schema of [`kairan_core::Role`].
#[derive(utoipa::ToSchema)]
#[schema(as = Role, rename_all = "snake_case")]
pub enum Role {
    /// 所有者.
    Owner,
    /// 管理者.
    Admin,
    /// 監査.
    Auditor,
    /// 人事窓口.
    Hr,
    /// 責任者.
    Manager,
    /// メンバー.
    Member,
    /// 社外.
    Partner,
}

/// Schema of [`super::rules::MemberState`].
#[derive(utoipa::ToSchema)]
#[schema(as = MemberState, rename_all = "snake_case")]
pub enum MemberState {
    /// On record, not here yet.
    Invited,
    /// Here.
    Active,
    /// 退職.
    Left,
}

/// Schema of [`super::rules::Placement`].
#[derive(utoipa::ToSchema)]
#[schema(as = Placement)]
pub struct Placement {
    /// Which department.
    #[schema(format = Uuid)]
    pub department: String,
    /// 役職.
    #[schema(required = true)]
    pub position: Option<String>,
}
