//! Does not compile.

pub fn serve( -> { let x: u32 = "five";
