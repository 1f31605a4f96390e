//! `/members/import`.

use std::collections::HashMap;

use axum::Json;
use axum::extract::State;
use axum::http::header;
use axum::response::IntoResponse;
use kairan_core::{Permission, Refusal, Role};
use kairan_http::problem::FieldError;
use kairan_http::{Answer, Created, Upload};
use kairan_storage::{Reader, Stream, Tx};
use serde::Serialize;
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::commands;
use super::read::{Column, Encoding, Sheet, read};
use super::rules::{Line, Plan, template};
use crate::members::http::MemberDetail;
use crate::members::names;
use crate::members::queries::Standing;
use crate::members::roles::usual_role;
use crate::members::rules::Kind;
use crate::members::similar::Similar;
use crate::{Caller, People};

/// 5,000 people with long names in three bytes a character.
const LIMIT: usize = 4 * 1024 * 1024;

/// The routes.
pub fn router() -> OpenApiRouter<People> {
    OpenApiRouter::new()
        .routes(routes!(preview_import))
        .routes(routes!(create_import))
        .routes(routes!(download_template))
}

/// What an import would do.
#[derive(Serialize, ToSchema)]
struct ImportPreview {
    /// How the file was written.
    #[schema(value_type = EncodingName)]
    encoding: Encoding,
    /// Its headings, as understood.
    columns: Vec<&'static str>,
    rows: Vec<ImportRow>,
    /// Departments that would be added, as paths.
    new_departments: Vec<String>,
    /// Whether the import would be done.
    ok: bool,
}

/// How a file was written.
#[derive(ToSchema)]
#[schema(as = ImportEncoding)]
#[expect(dead_code, reason = "only its schema is used")]
enum EncodingName {
    #[schema(rename = "utf-8")]
    Utf8,
    #[schema(rename = "shift_jis")]
    ShiftJis,
}

/// One line of the file.
#[derive(Serialize, ToSchema)]
struct ImportRow {
    /// As Excel counts.
    line: u64,
    member: ImportMember,
    errors: Vec<FieldError>,
    /// Whose name this one's cannot be told from (R9).
    similar: Vec<Similar>,
}

/// A member as the line says.
#[derive(Serialize, ToSchema)]
struct ImportMember {
    family_name: String,
    given_name: String,
    family_kana: String,
    given_kana: String,
    #[schema(required = true)]
    display_name: Option<String>,
    #[schema(required = true)]
    staff_number: Option<String>,
    #[schema(required = true)]
    login: Option<String>,
    #[schema(required = true)]
    email: Option<String>,
    #[schema(required = true)]
    company: Option<String>,
    #[schema(value_type = names::Kind)]
    kind: Kind,
    #[schema(value_type = names::Role)]
    role: Role,
    departments: Vec<ImportPlacement>,
}

/// A department by name.
#[derive(Serialize, ToSchema)]
struct ImportPlacement {
    /// Path, `本部/総務課`.
    department: String,
    #[schema(required = true)]
    position: Option<String>,
}

impl ImportRow {
    fn new(line: Line, similar: Option<Similar>) -> Self {
        let draft = line.addition.draft;
        let kind = draft.kind.unwrap_or(Kind::Employee);
        let placements = line.placements.into_iter();
        let member = ImportMember {
            family_name: draft.family_name,
            given_name: draft.given_name,
            family_kana: draft.family_kana,
            given_kana: draft.given_kana,
            display_name: draft.display_name,
            staff_number: draft.staff_number,
            login: draft.login,
            email: draft.email,
            company: draft.company,
            kind,
            role: line.addition.role.unwrap_or_else(|| usual_role(kind)),
            departments: placements
                .map(|(path, position)| ImportPlacement { department: path.join("/"), position })
                .collect(),
        };
        Self {
            line: line.line,
            member,
            errors: line.faults.iter().map(FieldError::from).collect(),
            similar: similar.into_iter().collect(),
        }
    }
}

impl ImportPreview {
    fn new(sheet: &Sheet, plan: Plan, mut similar: HashMap<u64, Similar>) -> Self {
        Self {
            encoding: sheet.encoding,
            columns: sheet.columns.iter().copied().map(Column::ja).collect(),
            ok: plan.wrong() == 0,
            new_departments: plan.new_departments.iter().map(|path| path.join("/")).collect(),
            rows: plan
                .lines
                .into_iter()
                .map(|line| {
                    let like = similar.remove(&line.line);
                    ImportRow::new(line, like)
                })
                .collect(),
        }
    }
}

/// Says what an import of this file would do, with every fault by line. Writes nothing.
#[utoipa::path(post, path = "/members/import/preview", tag = "members", request_body(content = String, content_type = "text/csv"), responses((status = 200, body = ImportPreview)), security(("session" = [])))]
async fn preview_import(
    State(people): State<People>,
    caller: Caller,
    Upload(bytes): Upload<LIMIT>,
) -> Answer<Json<ImportPreview>> {
    caller.may(Permission::ManageMembers)?;
    let sheet = read(&bytes)?;
    let asked = sheet.clone();
    let job = async move |reader: &mut Reader| -> Result<_, Refusal> {
        let plan = commands::preview(reader, &caller, &asked).await?;
        let similar = commands::similar(reader, &plan).await?;
        Ok((plan, similar))
    };
    let (plan, similar) = people.store.read(job).await?;
    Ok(Json(ImportPreview::new(&sheet, plan, similar)))
}

/// Those who were added.
#[derive(Serialize, ToSchema)]
struct Imported {
    members: Vec<MemberDetail>,
}

/// Adds everyone in the file, or nobody.
#[utoipa::path(post, path = "/members/import", tag = "members", request_body(content = String, content_type = "text/csv"), responses((status = 201, body = Imported)), security(("session" = [])))]
async fn create_import(
    State(people): State<People>,
    caller: Caller,
    Upload(bytes): Upload<LIMIT>,
) -> Answer<Created<Imported>> {
    caller.may(Permission::ManageMembers)?;
    let (sheet, hooks) = (read(&bytes)?, people.hooks.clone());
    let job = async move |tx: &mut Tx| commands::import(tx, &caller, &hooks, &sheet).await;
    let records = people.store.write(Stream::Organisation, job).await?;
    let detail = |record| MemberDetail::new(record, Standing::default());
    Ok(Created(Imported { members: records.into_iter().map(detail).collect() }))
}

/// The template to fill in.
#[utoipa::path(get, path = "/members/import/template", tag = "members", responses((status = 200, body = String, content_type = "text/csv")), security(("session" = [])))]
async fn download_template(caller: Caller) -> Answer<impl IntoResponse + use<>> {
    caller.may(Permission::ManageMembers)?;
    let headers = [
        (header::CONTENT_TYPE, "text/csv; charset=utf-8"),
        (header::CONTENT_DISPOSITION, "attachment; filename=\"kairan-members.csv\""),
    ];
    Ok((headers, template()))
}
