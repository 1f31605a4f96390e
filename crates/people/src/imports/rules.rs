//! Rows of text → new members, with what is wrong with each. Pure.

use std::collections::BTreeSet;

use kairan_core::refusal::FIELD_REQUIRED;
use kairan_core::{DepartmentId, FieldFault, Role, text};

use super::read::{Column, Sheet, plain};
use crate::departments::rules::{DEPTH_LIMIT, Tree, name};
use crate::members::commands::Addition;
use crate::members::roles::{ROLE_ABOVE, may_manage};
use crate::members::rules::{DEPARTMENT_TWICE, DEPARTMENTS_LIMIT, DEPARTMENTS_MANY, Draft, Kind, Profile};
use crate::members::taken::{Like, Taken, Whose};

kairan_core::codes! {
    IMPORT_ENCODING = 422 "import.encoding", "文字の形式が分かりません。Excelで「CSV UTF-8」として保存し直してください。", "The file's encoding is unknown. In Excel, save it again as “CSV UTF-8”.";
    IMPORT_UNREADABLE = 422 "import.unreadable", "CSVとして読み取れませんでした。Excelで「CSV UTF-8」として保存し直してください。", "This is not readable as CSV. In Excel, save it again as “CSV UTF-8”.";
    IMPORT_EMPTY = 422 "import.empty", "人の行がありません。1行目に見出し、2行目から1行に1人を書いてください。", "There are no people in it. Write headings in the first line and one person in each line below.";
    IMPORT_MANY = 422 "import.too_many", "一度に登録できるのは{limit}人までです。ファイルを分けてください。", "Import at most {limit} people at once. Split the file.";
    IMPORT_COLUMN_UNKNOWN = 422 "import.column_unknown", "「{column}」という見出しは分かりません。ひな形の見出しに合わせるか、その列を消してください。", "The heading “{column}” is not known. Use the template's headings, or remove the column.";
    IMPORT_COLUMN_MISSING = 422 "import.column_missing", "「{column}」の列がありません。ひな形の見出しに合わせてください。", "The column “{column}” is missing. Use the template's headings.";
    IMPORT_COLUMN_TWICE = 422 "import.column_twice", "「{column}」の列が二つあります。一つにしてください。", "The column “{column}” is there twice. Keep one.";
    IMPORT_ERRORS = 422 "import.has_errors", "{lines}行に直すところがあるので、まだ何も登録していません。直してから、もう一度読み込んでください。", "{lines} lines need correction, so nothing was written. Correct them and import again.";
    IMPORT_KIND = 422 "import.kind", "区分は「社員」「パート」「取引先」「BOT」のどれかにしてください。", "The kind is one of employee, part_time, partner, bot.";
    IMPORT_ROLE = 422 "import.role", "役割は「メンバー」「責任者」「管理者」「監査」「人事窓口」「取引先」のどれかにしてください。", "The role is one of member, manager, admin, auditor, hr, partner.";
    IMPORT_POSITIONS = 422 "import.positions", "役職が部署より多くあります。部署と同じ順に「;」で区切ってください。", "There are more positions than departments. Part both by ';' in the same order.";
    IMPORT_DEPARTMENTS_DENIED = 403 "import.departments_denied", "この部署はまだありません。部署を作れる人（所有者か管理者）に頼むか、今ある部署にしてください。", "This department does not exist yet. Ask an owner or admin to add it, or use one that exists.";
}

/// Most people in one file.
pub const ROWS_LIMIT: usize = 5_000;

/// A department by its names from the top.
pub type Path = Vec<String>;

/// One line, understood.
#[derive(Debug, Clone)]
pub struct Line {
    /// Where it stands in the file.
    pub line: u64,
    /// The member, with departments left out.
    pub addition: Addition,
    /// Departments by name, each with the position there.
    pub placements: Vec<(Path, Option<String>)>,
    /// What is wrong, by field.
    pub faults: Vec<FieldFault>,
    /// Whose name this line's cannot be told from (R9).
    pub like: Option<Like>,
    /// The record, when nothing is wrong with the line by itself.
    pub profile: Option<(Profile, Role)>,
}

/// The file, understood.
#[derive(Debug, Clone, Default)]
pub struct Plan {
    /// Its lines.
    pub lines: Vec<Line>,
    /// Departments that do not exist yet, parents before children.
    pub new_departments: Vec<Path>,
}

impl Plan {
    /// How many lines have something wrong.
    #[must_use]
    pub fn wrong(&self) -> usize {
        self.lines.iter().filter(|line| !line.faults.is_empty()).count()
    }
}

/// Who imports, as far as it matters here.
#[derive(Debug, Clone, Copy)]
pub struct Importer {
    /// Their role.
    pub role: Role,
    /// Whether they may add departments.
    pub may_add_departments: bool,
}

/// Understands a file: each line by itself, against the others, and against what is there already.
#[must_use]
pub fn plan(sheet: &Sheet, tree: &Tree, mut taken: Taken, importer: Importer) -> Plan {
    let mut plan = Plan::default();
    let mut missing: BTreeSet<Path> = BTreeSet::new();
    for row in &sheet.rows {
        let cell = |column| {
            sheet.columns.iter().position(|at| *at == column).map_or("", |at| row.cells[at].as_str())
        };
        let mut line = understand(row.line, cell);
        match line.addition.check() {
            Ok((profile, role)) => {
                line.faults.extend(taken.faults(&profile, role));
                line.like = taken.like(&profile.display_name).cloned();
                if !may_manage(importer.role, role) {
                    line.faults.push(FieldFault::new("role", &ROLE_ABOVE));
                }
                taken.note_profile(Whose::Line(row.line), &profile, role);
                line.profile = Some((profile, role));
            }
            Err(faults) => line.faults.extend(faults),
        }
        for (at, (path, _)) in line.placements.iter().enumerate() {
            for depth in 1..=path.len() {
                if find(tree, &path[..depth]).is_none() {
                    missing.insert(path[..depth].to_vec());
                    if !importer.may_add_departments {
                        line.faults.push(FieldFault::new(
                            format!("departments[{at}].department"),
                            &IMPORT_DEPARTMENTS_DENIED,
                        ));
                        break;
                    }
                }
            }
        }
        plan.lines.push(line);
    }
    plan.new_departments = missing.into_iter().collect();
    plan
}

/// The department of this path, if it is there.
#[must_use]
pub fn find(tree: &Tree, path: &[String]) -> Option<DepartmentId> {
    path.iter().try_fold(None, |parent, name| tree.named(parent, name).map(|found| Some(found.id))).flatten()
}

fn understand<'c>(line: u64, cell: impl Fn(Column) -> &'c str) -> Line {
    let mut faults = Vec::new();
    let text = |column| cell(column).to_owned();
    let optional = |column| Some(cell(column)).filter(|cell| !cell.is_empty()).map(str::to_owned);
    let kind = kind(cell(Column::Kind));
    let role = role(cell(Column::Role));
    if kind.is_none() && !cell(Column::Kind).is_empty() {
        faults.push(FieldFault::new("kind", &IMPORT_KIND));
    }
    if role.is_none() && !cell(Column::Role).is_empty() {
        faults.push(FieldFault::new("role", &IMPORT_ROLE));
    }
    let draft = Draft {
        family_name: text(Column::FamilyName),
        given_name: text(Column::GivenName),
        family_kana: text(Column::FamilyKana),
        given_kana: text(Column::GivenKana),
        display_name: optional(Column::DisplayName),
        staff_number: optional(Column::StaffNumber),
        login: optional(Column::Login),
        email: optional(Column::Email),
        company: optional(Column::Company),
        kind: Some(kind.unwrap_or(Kind::Employee)),
        departments: Vec::new(),
    };
    let placements = placements(cell(Column::Departments), cell(Column::Positions), &mut faults);
    Line { line, addition: Addition { draft, role }, placements, faults, like: None, profile: None }
}

fn kind(cell: &str) -> Option<Kind> {
    match plain(cell).as_str() {
        "社員" | "正社員" | "職員" | "employee" => Some(Kind::Employee),
        "パート" | "アルバイト" | "part_time" | "part-time" | "part time" => Some(Kind::PartTime),
        "取引先" | "社外" | "partner" => Some(Kind::Partner),
        "bot" => Some(Kind::Bot),
        _ => None,
    }
}

fn role(cell: &str) -> Option<Role> {
    match plain(cell).as_str() {
        "所有者" | "owner" => Some(Role::Owner),
        "管理者" | "admin" => Some(Role::Admin),
        "監査" | "auditor" => Some(Role::Auditor),
        "人事窓口" | "hr" => Some(Role::Hr),
        "責任者" | "manager" => Some(Role::Manager),
        "メンバー" | "member" => Some(Role::Member),
        "取引先" | "社外" | "partner" => Some(Role::Partner),
        _ => None,
    }
}

/// `本部/総務課;駅前店` with `課長;店長`: several departments are parted by `;`, levels by `/`, half or full width.
fn placements(
    departments: &str,
    positions: &str,
    faults: &mut Vec<FieldFault>,
) -> Vec<(Path, Option<String>)> {
    let positions = if positions.is_empty() {
        Vec::new()
    } else {
        positions.split([';', '；']).map(str::trim).collect()
    };
    let mut placed: Vec<(Path, Option<String>)> = Vec::new();
    for (at, department) in
        departments.split([';', '；']).map(str::trim).filter(|text| !text.is_empty()).enumerate()
    {
        let field = |part: &str| format!("departments[{at}].{part}");
        let mut path = Path::new();
        for level in department.split(['/', '／']) {
            match name(level) {
                Ok(name) => path.push(name),
                Err(refusal) => {
                    let code = refusal.fields.first().map_or(&FIELD_REQUIRED, |fault| fault.code);
                    faults.push(FieldFault::new(field("department"), code).fact("limit", 60));
                }
            }
        }
        if path.len() > DEPTH_LIMIT {
            let fault = FieldFault::new(field("department"), &crate::departments::rules::DEPARTMENT_DEEP);
            faults.push(fault.fact("limit", DEPTH_LIMIT));
        }
        let folded = |path: &Path| path.iter().map(|name| text::fold(name)).collect::<Vec<_>>();
        if placed.iter().any(|(other, _)| folded(other) == folded(&path)) {
            faults.push(FieldFault::new(field("department"), &DEPARTMENT_TWICE));
        }
        let position = positions.get(at).filter(|position| !position.is_empty()).map(|position| {
            match text::line(position, 40) {
                Ok(position) => position,
                Err(fault) => {
                    faults.push(crate::members::rules::line_fault(&field("position"), fault));
                    String::new()
                }
            }
        });
        placed.push((path, position));
    }
    if positions.len() > placed.len() {
        faults.push(FieldFault::new("positions", &IMPORT_POSITIONS));
    }
    if placed.len() > DEPARTMENTS_LIMIT {
        faults.push(FieldFault::new("departments", &DEPARTMENTS_MANY).fact("limit", DEPARTMENTS_LIMIT));
    }
    placed
}

/// The template: headings and two people as an example, with the byte order mark that makes Excel read UTF-8 (R55).
#[must_use]
pub fn template() -> String {
    let headings = Column::ALL.map(Column::ja).join(",");
    let rows = [
        "見本,花子,みほん,はなこ,0001,,本部/総務課,課長,社員,責任者,,,",
        "例示,太郎,れいじ,たろう,,taro.reiji,駅前店;本店,副店長;,パート,メンバー,,,",
    ];
    format!("\u{feff}{headings}\r\n{}\r\n", rows.join("\r\n"))
}

#[cfg(test)]
mod tests {
    use super::super::read::read;
    use super::*;

    const OWNER: Importer = Importer { role: Role::Owner, may_add_departments: true };

    fn planned(file: &str, importer: Importer) -> Plan {
        plan(&read(file.as_bytes()).expect("readable"), &Tree::default(), Taken::default(), importer)
    }

    fn told(plan: &Plan) -> Vec<String> {
        let lines = plan.lines.iter();
        lines
            .flat_map(|line| {
                line.faults.iter().map(|fault| format!("{} {} {}", line.line, fault.field, fault.code.name))
            })
            .collect()
    }

    #[test]
    fn the_template_imports_as_it_is() {
        let plan = planned(&template(), OWNER);
        assert_eq!(told(&plan), Vec::<String>::new());
        assert_eq!(
            plan.new_departments,
            [
                vec!["本店".to_owned()],
                vec!["本部".into()],
                vec!["本部".into(), "総務課".into()],
                vec!["駅前店".into()]
            ]
        );
        let (taro, role) = plan.lines[1].profile.clone().expect("fine");
        assert_eq!(
            (taro.login.as_deref(), taro.kind, role),
            (Some("taro.reiji"), Kind::PartTime, Role::Member)
        );
        assert_eq!(plan.lines[1].placements[0].1.as_deref(), Some("副店長"));
        assert_eq!(plan.lines[1].placements[1].1, None);
    }

    #[test]
    fn every_fault_is_told_by_line_and_field() {
        let file = "姓,名,せい,めい,社員番号,区分,役割,会社,部署,役職\n\
            乙川,二葉,おつかわ,ふたば,0417,社員,,,,\n\
            乙川,二葉,おつかわ,ふたば,０４１７,社員,,,,\n\
            己本,,乙,さぶろう,,正規,王様,,,\n\
            丙田,四郎,へいだ,しろう,,取引先,,,a/b;Ａ/b,x;y;z\n";
        let plan = planned(file, OWNER);
        assert_eq!(
            told(&plan),
            [
                "3 display_name name.taken",
                "3 staff_number staff_number.taken",
                "4 kind import.kind",
                "4 role import.role",
                "4 given_name field.required",
                "4 family_kana field.kana",
                "5 departments[1].department department.twice",
                "5 positions import.positions",
                "5 company company.needed",
            ]
        );
        assert_eq!(plan.wrong(), 3);
    }

    /// R59
    #[test]
    fn a_file_gives_nobody_two_duties() {
        let file = "姓,名,せい,めい,役割,メールアドレス\n甲,一,こう,いち,監査,k@example.jp\n乙,二,おつ,に,管理者,K@example.jp\n";
        assert_eq!(told(&planned(file, OWNER)), ["3 role role.conflict"]);
    }

    #[test]
    fn one_imports_only_what_one_may_add() {
        let file = "姓,名,せい,めい,役割,部署\n甲,一,こう,いち,管理者,\n乙,二,おつ,に,,新しい課\n";
        let hr = Importer { role: Role::Hr, may_add_departments: false };
        assert_eq!(
            told(&planned(file, hr)),
            ["2 role role.above", "3 departments[0].department import.departments_denied"]
        );
    }
}
