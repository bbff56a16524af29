//! A lab's *suite*: its black-box tests, found in their source.
//!
//! The source holds all tests, including those for other systems, which a compiled test program leaves out. Only plain
//! tests are found: `#[test]` on a function, in modules inline or in files of their own. Tests that a macro generates are
//! not.

use anyhow::{Context, bail, ensure};
use std::fs;
use std::path::{Path, PathBuf};
use syn::{Attribute, Expr, ExprLit, Item, ItemMod, Lit, Meta};

/// The test file that is not graded.
const UNGRADED: &str = "full";

/// How deep modules may be nested.
const DEPTH_MAX: usize = 8;

/// One test file, which Cargo compiles to a program of its own.
#[derive(Clone, Debug, PartialEq)]
pub struct TestFile {
    /// The name of this program, such as `server`.
    pub name: String,
    /// The file, such as `tests/server.rs` in the lab's folder.
    pub path: PathBuf,
    /// The names of its tests as in a rubric: `server::answers_in_upper_case`.
    pub tests: Vec<String>,
    /// The source files of its modules.
    pub modules: Vec<PathBuf>,
}

/// Finds the test files in the folder of a lab, in the order of their names, except `full`: that one tests what only the
/// reference program has, and no rubric has rows for it.
///
/// # Errors
/// If a file cannot be read or does not parse as Rust.
pub fn test_files(lab: &Path) -> anyhow::Result<Vec<TestFile>> {
    let folder = lab.join("tests");
    let mut paths = Vec::new();
    if folder.is_dir() {
        for entry in
            fs::read_dir(&folder).with_context(|| format!("failed to read `{}`", folder.display()))?
        {
            let path = entry.with_context(|| format!("failed to read `{}`", folder.display()))?.path();
            if path.extension().is_some_and(|extension| extension == "rs") {
                paths.push(path);
            } else if path.join("main.rs").is_file() {
                paths.push(path.join("main.rs"));
            }
        }
    }
    paths.sort();
    let named = paths.into_iter().map(|path| (name(&path), path));
    named.filter(|(name, _)| name != UNGRADED).map(|(name, path)| test_file(name, path)).collect()
}

/// Cargo's name for a test file.
fn name(path: &Path) -> String {
    let named_by = if path.ends_with("main.rs") { path.parent().unwrap_or(path) } else { path };
    named_by.file_stem().unwrap_or_default().to_string_lossy().into_owned()
}

fn test_file(name: String, path: PathBuf) -> anyhow::Result<TestFile> {
    let mut file = TestFile { name: name.clone(), path, tests: Vec::new(), modules: Vec::new() };
    let source = file.path.clone();
    let folder = source.parent().unwrap_or(&source).to_owned();
    file.add(&source, &folder, &name, DEPTH_MAX)?;
    Ok(file)
}

impl TestFile {
    /// Adds the tests of one source file. The files of its modules are in `folder`.
    fn add(&mut self, source: &Path, folder: &Path, name: &str, depth: usize) -> anyhow::Result<()> {
        ensure!(depth > 0, "{}: its modules are nested too deeply", source.display());
        let text = fs::read_to_string(source)
            .with_context(|| format!("failed to read the tests in `{}`", source.display()))?;
        let syntax = syn::parse_file(&text).map_err(|error| {
            anyhow::anyhow!("{}:{}: {error}", source.display(), error.span().start().line)
        })?;
        self.add_items(&syntax.items, source, folder, name, depth)
    }

    fn add_items(
        &mut self,
        items: &[Item],
        source: &Path,
        folder: &Path,
        name: &str,
        depth: usize,
    ) -> anyhow::Result<()> {
        for item in items {
            match item {
                Item::Fn(function)
                    if function.attrs.iter().any(|attribute| attribute.path().is_ident("test")) =>
                {
                    self.tests.push(format!("{name}::{}", function.sig.ident));
                }
                Item::Mod(module) => self.add_module(module, source, folder, name, depth)?,
                _ => {}
            }
        }
        Ok(())
    }

    fn add_module(
        &mut self,
        module: &ItemMod,
        source: &Path,
        folder: &Path,
        name: &str,
        depth: usize,
    ) -> anyhow::Result<()> {
        let ident = module.ident.to_string();
        let name = format!("{name}::{ident}");
        let own_folder = folder.join(&ident);
        if let Some((_, items)) = &module.content {
            ensure!(depth > 0, "{}: its modules are nested too deeply", source.display());
            return self.add_items(items, source, &own_folder, &name, depth - 1);
        }
        if let Some(path) = module.attrs.iter().find_map(path_attribute) {
            let path = source.parent().unwrap_or(source).join(path);
            let folder = path.parent().unwrap_or(&path).to_owned();
            self.modules.push(path.clone());
            return self.add(&path, &folder, &name, depth - 1);
        }
        for path in [folder.join(format!("{ident}.rs")), own_folder.join("mod.rs")] {
            if path.is_file() {
                self.modules.push(path.clone());
                return self.add(&path, &own_folder, &name, depth - 1);
            }
        }
        bail!("{}: there is no file for its module `{ident}`", source.display())
    }
}

/// The file in `#[path = "file.rs"]`.
fn path_attribute(attribute: &Attribute) -> Option<String> {
    match &attribute.meta {
        Meta::NameValue(pair) if pair.path.is_ident("path") => match &pair.value {
            Expr::Lit(ExprLit { lit: Lit::Str(path), .. }) => Some(path.value()),
            _ => None,
        },
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::test_files;
    use std::fs;

    #[test]
    fn finds_tests_in_files_and_modules_on_every_system() {
        let lab = tempfile::tempdir().unwrap();
        let tests = lab.path().join("tests");
        fs::create_dir_all(tests.join("deep")).unwrap();
        let server = "mod helper;\n#[path = \"deep/other.rs\"]\nmod other;\n#[test]\nfn one() {}\n\
             #[cfg(windows)]\n#[test]\nfn two() {}\n// #[test]\nfn three() {}\n\
             mod inner { #[test] fn four() {} fn five() { \"#[test] fn no() {}\"; } }\n";
        fs::write(tests.join("server.rs"), server).unwrap();
        fs::create_dir_all(tests.join("helper")).unwrap();
        fs::write(tests.join("helper/mod.rs"), "pub fn help() {}\n").unwrap();
        fs::write(tests.join("deep/other.rs"), "#[test]\nfn six() {}\n").unwrap();
        fs::write(tests.join("data.csv"), "not Rust").unwrap();
        fs::write(tests.join("full.rs"), "#[test]\nfn seven() {}\n").unwrap();
        let files = test_files(lab.path()).unwrap();
        let found: Vec<&[String]> = files.iter().map(|file| &*file.tests).collect();
        assert_eq!(found, [["server::other::six", "server::one", "server::two", "server::inner::four"]]);
        assert_eq!(files[0].name, "server");
        assert_eq!(files[0].modules, [tests.join("helper/mod.rs"), tests.join("deep/other.rs")]);

        fs::write(tests.join("wrong.rs"), "fn one() {}\nfn () {}\n").unwrap();
        let error = test_files(lab.path()).unwrap_err().to_string();
        assert!(error.contains("tests/wrong.rs:2: expected identifier"), "{error}");
        fs::write(tests.join("wrong.rs"), "mod gone;\n").unwrap();
        let error = test_files(lab.path()).unwrap_err().to_string();
        assert!(error.ends_with("tests/wrong.rs: there is no file for its module `gone`"), "{error}");
    }
}
