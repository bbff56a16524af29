//! Panics at once.

fn main() {
    panic!("no idea what to do");
}
