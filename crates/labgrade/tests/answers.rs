//! The capture questions of a submission with a capture and an answer sheet.

// A file that cannot be written fails the test.
#![allow(clippy::unwrap_used)]

use labgrade::answers::{SHEET, grade};
use labgrade::sheet::{Contents, answer_sheet};
use labrubric::{Question, Workspace};
use std::fs;
use std::path::{Path, PathBuf};

const CAPTURES: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../labcapture/tests/captures");

/// Returns an empty folder.
fn folder(name: &str) -> PathBuf {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join(format!("answers-{name}"));
    let _ = fs::remove_dir_all(&folder);
    fs::create_dir_all(&folder).unwrap();
    folder
}

fn workspace() -> Workspace {
    Workspace::around(Path::new(env!("CARGO_MANIFEST_DIR"))).unwrap()
}

fn questions() -> Vec<Question> {
    Question::read(&workspace(), "tcp-echo").unwrap()
}

/// A sheet with one fact.
const ONE_FACT: &str = "lab = \"tcp-echo\"\n4.segments = 3\n";

#[test]
fn counts_right_answers_and_says_why_others_are_wrong() {
    let folder = folder("right");
    fs::copy(format!("{CAPTURES}/lab-tcp-echo.pcap"), folder.join("capture.pcap")).unwrap();
    fs::write(
        folder.join(SHEET),
        "lab = \"tcp-echo\"\n1.client_sequence = 333333\n2.client_port = 42180\n4.segments = 3\n",
    )
    .unwrap();
    let answers = grade(&folder, "tcp-echo", &questions()).unwrap();
    assert!(answers.right >= 1 && answers.of > 3, "{answers:?}");
    let all = answers.right;
    assert!(answers.report.contains("2.client_port        right  42180"), "{}", answers.report);
    fs::write(
        folder.join(SHEET),
        "lab = \"tcp-echo\"\n1.client_sequence = 333333\n2.client_port = 25000\n4.segments = 3\n",
    )
    .unwrap();
    let answers = grade(&folder, "tcp-echo", &questions()).unwrap();
    assert_eq!(answers.right, all - 1, "{}", answers.report);
    assert!(answers.report.contains("2.client_port        WRONG  25000: "), "{}", answers.report);
}

#[test]
fn grades_nothing_without_a_sheet() {
    let folder = folder("none");
    assert_eq!(grade(&folder, "tcp-echo", &questions()), None);
    fs::copy(format!("{CAPTURES}/lab-tcp-echo.pcap"), folder.join("capture.pcap")).unwrap();
    assert_eq!(grade(&folder, "tcp-echo", &questions()), None);
}

#[track_caller]
fn check_not_graded(folder: &Path, why: &str) {
    let answers = grade(folder, "tcp-echo", &questions()).unwrap();
    assert_eq!((answers.right, answers.of), (0, 0));
    assert!(answers.report.contains(why), "{}", answers.report);
}

#[test]
fn says_why_it_cannot_grade() {
    let folder = folder("wrong");
    fs::write(folder.join(SHEET), ONE_FACT).unwrap();
    check_not_graded(&folder, "neither `capture.pcapng` nor `capture.pcap`");
    fs::write(folder.join("capture.pcap"), "no capture").unwrap();
    check_not_graded(&folder, "the capture holds no conversation of lab `tcp-echo`");
    fs::write(folder.join(SHEET), "lab = \"udp-echo\"\n").unwrap();
    check_not_graded(&folder, "is a sheet for lab `udp-echo`, not for `tcp-echo`");
    fs::write(folder.join(SHEET), "= no sheet").unwrap();
    check_not_graded(&folder, "`answers.toml`: line 1: ");
    // The limit lies in the middle of a character.
    fs::write(folder.join(SHEET), format!("lab = \"tcp-echo\"\n#{}", "ü".repeat(140_000))).unwrap();
    check_not_graded(&folder, "`answers.toml`: it has more than 262144 bytes");
    fs::write(folder.join(SHEET), b"lab = \"tcp-echo\" # caf\xe9\n").unwrap();
    check_not_graded(&folder, "`answers.toml`: it is no text in UTF-8");
}

/// The first explanation, and the numbers of all questions that ask for one.
fn explained(folder: &Path) -> (String, Vec<u32>) {
    let answers = grade(folder, "tcp-echo", &questions()).unwrap();
    let numbers = answers.explained.iter().map(|explained| explained.question).collect();
    (answers.explained[0].answer.clone(), numbers)
}

#[test]
fn takes_explanations_without_a_capture() {
    let folder = folder("explained");
    fs::write(folder.join(SHEET), "lab = \"tcp-echo\"\n2.explain = '''\n Two \"sockets\".\n'''\n").unwrap();
    check_not_graded(&folder, "neither `capture.pcapng` nor `capture.pcap`");
    let (answer, numbers) = explained(&folder);
    assert_eq!(answer, "Two \"sockets\".");
    assert!(numbers.len() > 5 && numbers.is_sorted(), "{numbers:?}");
    // Two answers have one digest only if they are equal.
    let digest = || grade(&folder, "tcp-echo", &questions()).unwrap().explained[0].digest.clone();
    let before = digest();
    fs::write(folder.join(SHEET), "lab = \"tcp-echo\"\n2.explain = 'Two \"sockets\"!'\n").unwrap();
    assert_ne!(digest(), before);
}

#[test]
fn a_mistake_costs_one_field() {
    let folder = folder("mistake");
    let sheet = "lab = \"tcp-echo\"\n2.client_port = \"42180\n2.explain = '''\nIt's '''quoted'''\n'''\n4.segments = 3\n";
    fs::write(folder.join(SHEET), sheet).unwrap();
    check_not_graded(&folder, "\nnote: line 2: `2.client_port` could not be read: ");
    assert_eq!(explained(&folder).0, "It's '''quoted'''");
    fs::copy(format!("{CAPTURES}/lab-tcp-echo.pcap"), folder.join("capture.pcap")).unwrap();
    let answers = grade(&folder, "tcp-echo", &questions()).unwrap();
    let report = &answers.report;
    assert!(answers.right == 1 && report.contains("\n2.client_port        UNREADABLE\n"), "{report}");
    assert!(report.contains(" answers are right, 1 could not be read, compared"), "{report}");
    assert!(report.contains("\nnote: line 2: `2.client_port` could not be read: "), "{report}");
    assert!(report.contains("\nnote: lines 3 to 5: `2.explain` is not valid TOML"), "{report}");
    assert_eq!(answers.unreadable, None);
}

#[test]
fn names_an_explanation_that_no_question_asks_for() {
    let folder = folder("not-asked");
    fs::write(folder.join(SHEET), "lab = \"tcp-echo\"\n99.explain = \"my text\"\n").unwrap();
    check_not_graded(&folder, "\nnote: question 99 asks for no explanation; its text is not graded\n");
    fs::copy(format!("{CAPTURES}/lab-tcp-echo.pcap"), folder.join("capture.pcap")).unwrap();
    let report = grade(&folder, "tcp-echo", &questions()).unwrap().report;
    assert!(report.contains("\nnote: question 99 asks for no explanation"), "{report}");
}

#[test]
fn tells_a_sheet_that_cannot_be_read() {
    let folder = folder("unreadable");
    fs::write(folder.join(SHEET), "1.flags = \"SYN\n").unwrap();
    let unreadable = grade(&folder, "tcp-echo", &questions()).unwrap().unreadable.unwrap();
    assert!(unreadable.starts_with("`answers.toml`: line 1: "), "{unreadable}");
}

#[test]
fn bounds_an_explanation() {
    let folder = folder("long");
    let sheet = format!("lab = \"tcp-echo\"\n2.explain = '{}'", "é".repeat(100_000));
    fs::write(folder.join(SHEET), sheet).unwrap();
    let (answer, _) = explained(&folder);
    assert!(answer.ends_with("é\n(cut: the answer has 200000 bytes in all)"), "{}", answer.len());
    assert!(answer.chars().count() < 9000);
}

#[test]
fn finds_the_sheet_wherever_the_workspace_has_it() {
    let folder = folder("places");
    let untouched = answer_sheet(&Contents::read(&workspace(), "tcp-echo").unwrap());
    for place in ["unpacked/labs/tcp-echo", "unpacked/labs/udp-echo"] {
        fs::create_dir_all(folder.join(place)).unwrap();
        fs::write(folder.join(place).join(SHEET), &untouched).unwrap();
    }
    assert_eq!(grade(&folder, "tcp-echo", &questions()), None, "an untouched sheet counts as none");
    let place = folder.join("unpacked/labs/tcp-echo");
    fs::write(place.join(SHEET), ONE_FACT).unwrap();
    fs::copy(format!("{CAPTURES}/lab-tcp-echo.pcap"), place.join("capture.pcap")).unwrap();
    let answers = grade(&folder, "tcp-echo", &questions()).unwrap();
    assert!(answers.of > 3 && answers.report.contains("4.segments"), "{answers:?}");
}

/// A link could reveal a file that only the grader may read.
#[cfg(unix)]
#[test]
fn follows_no_links() {
    let folder = folder("link");
    fs::write(folder.join(SHEET), ONE_FACT).unwrap();
    std::os::unix::fs::symlink(format!("{CAPTURES}/lab-tcp-echo.pcap"), folder.join("capture.pcap")).unwrap();
    check_not_graded(&folder, "neither `capture.pcapng` nor `capture.pcap`");
    fs::remove_file(folder.join(SHEET)).unwrap();
    std::os::unix::fs::symlink("/etc/passwd", folder.join(SHEET)).unwrap();
    assert_eq!(grade(&folder, "tcp-echo", &questions()), None);
}
