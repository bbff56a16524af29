//! Lists in a *handout*: its steps on several computers, and its experiments.

/// One item of a numbered list.
#[derive(Debug, Eq, PartialEq)]
pub struct Item {
    /// Its number.
    pub number: u32,
    /// Its text in one line, as Markdown.
    pub text: String,
}

impl Item {
    /// What stands in bold at its beginning, or else its first sentence.
    pub fn title(&self) -> &str {
        let bold = self.text.strip_prefix("**").and_then(|rest| rest.split_once("**"));
        bold.map_or_else(|| self.text.split_inclusive(". ").next().unwrap_or_default(), |(title, _)| title)
            .trim()
    }
}

/// The steps on three hosts: the numbered list at the beginning of that section.
pub fn steps(handout: &str) -> Vec<Item> {
    let section = section(handout, |heading| heading.starts_with("Run it on three hosts"));
    let until_subheading = section.into_iter().take_while(|line| !line.starts_with("### "));
    items(until_subheading.collect())
}

/// The experiments: the items of `Break it`, or of a section whose heading ends with `experiments`.
pub fn experiments(handout: &str) -> Vec<Item> {
    items(section(handout, |heading| heading == "Break it" || heading.ends_with("experiments")))
}

fn section(handout: &str, is_wanted: impl Fn(&str) -> bool) -> Vec<&str> {
    let heading = |line: &&str| line.strip_prefix("## ").is_some_and(|heading| is_wanted(heading.trim()));
    let after = handout.lines().skip_while(|line| !heading(line)).skip(1);
    after.take_while(|line| !line.starts_with("## ")).collect()
}

/// The items that begin with `1. ` or with `**1. `. What is indented, or follows without an empty line, belongs to them.
fn items(lines: Vec<&str>) -> Vec<Item> {
    let mut items: Vec<Item> = Vec::new();
    let mut is_open = false;
    for line in lines {
        let (bold, rest) = line.strip_prefix("**").map_or(("", line), |rest| ("**", rest));
        let numbered = rest.split_once(". ").and_then(|(number, text)| Some((number.parse().ok()?, text)));
        match (numbered, items.last_mut()) {
            (Some((number, text)), _) => {
                items.push(Item { number, text: format!("{bold}{}", text.trim()) });
                is_open = true;
            }
            (None, Some(item)) if is_open && !line.trim().is_empty() => {
                item.text.push(' ');
                item.text.push_str(line.trim());
            }
            _ => is_open = false,
        }
    }
    items
}

#[cfg(test)]
mod tests {
    use super::{Item, experiments, steps};

    #[test]
    fn finds_steps_and_experiments() {
        let handout = "# Lab\n1. no\n## Run it on three hosts\n\nA is 1.\n\n1. On B, start\n   Wireshark.\n2. On A.\n\nMore.\n\n\
                       ### Scripts\n1. no\n## Break it\n1. **No server.** Stop it.\n   Look.\n2. Unplug it. Wait.\n\
                       ## Questions\n1. no\n";
        let item = |number, text: &str| Item { number, text: text.to_owned() };
        assert_eq!(steps(handout), [item(1, "On B, start Wireshark."), item(2, "On A.")]);
        let found = experiments(handout);
        assert_eq!(found.iter().map(Item::title).collect::<Vec<_>>(), ["No server.", "Unplug it."]);
        let bold =
            experiments("## Six experiments\n\n**1. One sample misleads.** A *sample* is\none.\n\nMore.\n");
        assert_eq!(bold, [item(1, "**One sample misleads.** A *sample* is one.")]);
    }
}
