// The page shows one question at a time. An answer's `points` and `comment` are those that the last run has read.
// `changes` holds what was entered since then, and is kept in the browser.
const data = JSON.parse(document.getElementById("data").textContent);
const byId = (id) => document.getElementById(id);

function element(name, properties = {}, ...children) {
  const made = Object.assign(document.createElement(name), properties);
  made.append(...children);
  return made;
}

// ---- What was entered ----

// With the digest in it, an entry is dropped when the answer changes.
const keyOf = (answer) => JSON.stringify([answer.question, answer.digest, answer.submission]);

function loaded() {
  try {
    return JSON.parse(localStorage.getItem(data.store)) ?? {};
  } catch {
    return {};
  }
}

const changes = loaded();

const gradeOf = (answer) => changes[keyOf(answer)] ?? { points: answer.points, comment: answer.comment };
const isGraded = (answer) => gradeOf(answer).points !== null;

function enter(answer, grade) {
  const isAsRead = grade.points === answer.points && grade.comment === answer.comment;
  if (isAsRead) delete changes[keyOf(answer)];
  else changes[keyOf(answer)] = grade;
}

function keep() {
  try {
    localStorage.setItem(data.store, JSON.stringify(changes));
  } catch {
    byId("progress").dataset.warning = "This browser keeps nothing: save before you close the page.";
  }
}

const given = data.answers.filter((answer) => answer.text !== "");
for (const answer of given) enter(answer, gradeOf(answer)); // what the last run has read is no change any more
keep();

// ---- One answer ----

let question = data.questions[0];
let cards = []; // of this question: { answer, card, update }
let current = 0;

function cardOf(answer, twins) {
  const points = element("div", { className: "points", role: "group", ariaLabel: "Points" });
  for (let number = 0; number <= answer.points_max; number += 1) {
    const button = element("button", { textContent: String(number) });
    button.addEventListener("click", () => give(answer, number));
    points.append(button);
  }
  const comment = element("textarea", { rows: 2, maxLength: 400, placeholder: "Comment (c)", ariaLabel: "Comment" });
  comment.value = gradeOf(answer).comment;
  comment.addEventListener("input", () => {
    enter(answer, { ...gradeOf(answer), comment: comment.value });
    keep();
    showProgress();
  });
  const card = element(
    "article",
    { tabIndex: -1 },
    element("h3", { className: "name", textContent: answer.name }),
    element("p", { className: "answer", textContent: answer.text }),
    points,
    comment,
  );
  if (twins.length > 1) {
    const same = element("button", { className: "same", textContent: `Same for all ${twins.length} identical answers` });
    same.addEventListener("click", () => {
      for (const twin of twins) enter(twin, { ...gradeOf(answer) });
      keep();
      cards.forEach((other) => other.update());
      showProgress();
    });
    card.append(same);
  }
  card.addEventListener("focusin", () => choose(cards.findIndex((other) => other.card === card)));
  const update = () => {
    const grade = gradeOf(answer);
    [...points.children].forEach((button, number) => { button.ariaPressed = String(number === grade.points); });
    card.classList.toggle("graded", isGraded(answer));
    if (document.activeElement !== comment) comment.value = grade.comment;
  };
  update();
  return { answer, card, comment, update };
}

function give(answer, points) {
  if (points > answer.points_max) return;
  enter(answer, { ...gradeOf(answer), points });
  keep();
  const place = cards.findIndex((other) => other.answer === answer);
  cards[place].update();
  go(place);
  showProgress();
}

function choose(place) {
  cards[current]?.card.classList.remove("current");
  current = place;
  cards[current]?.card.classList.add("current");
}

function go(place) {
  if (!cards[place]) return;
  choose(place);
  cards[place].card.focus({ preventScroll: true });
  cards[place].card.scrollIntoView({ block: "nearest" });
}

// ---- One question ----

// `code` and *emphasis* of the handout; the text is ours.
function inline(text) {
  return text.split(/(`[^`]*`|\*[^*\s][^*]*\*)/).map((piece) => {
    if (/^`.*`$/s.test(piece)) return element("code", { textContent: piece.slice(1, -1) });
    if (/^\*.+\*$/s.test(piece)) return element("em", { textContent: piece.slice(1, -1) });
    return piece;
  });
}

function show(next, place = 0) {
  question = next;
  const answers = given.filter((answer) => answer.question === question.number);
  const twins = grouped(answers);
  cards = answers.map((answer) => cardOf(answer, twins.get(answer.digest)));
  current = 0;
  const asked = data.answers.filter((answer) => answer.question === question.number).length;
  const without = asked - answers.length;
  const list = element("div", { className: "cards" }, ...cards.map((entry) => entry.card));
  byId("question").replaceChildren(
    element("h2", {}, `Question ${question.number}`, element("small", { textContent: ` ${count(question.points, "point")}` })),
    element("p", { className: "asked" }, ...inline(question.text)),
    element("section", { className: "model" }, element("h3", { textContent: "Model answer" }), element("p", {}, ...inline(question.model))),
    element("p", { className: "count", textContent: `${count(answers.length, "answer")}; ${count(without, "sheet")} without one, which earns 0 points` }),
    list,
  );
  showProgress();
  scrollTo(0, 0);
  go(place);
}

const count = (number, noun) => `${number} ${noun}${number === 1 ? "" : "s"}`;

function grouped(answers) {
  const groups = new Map();
  for (const answer of answers) {
    if (!groups.has(answer.digest)) groups.set(answer.digest, []);
    groups.get(answer.digest).push(answer);
  }
  return groups;
}

// ---- The head of the page ----

function showProgress() {
  const graded = given.filter(isGraded).length;
  const changed = Object.keys(changes).length;
  const since = changed > 0 ? `; ${changed} changed since the last run` : "";
  const warning = byId("progress").dataset.warning ?? "";
  byId("progress").textContent = `${graded} of ${given.length} graded${since}. ${warning}`;
  byId("discard").disabled = changed === 0;
  byId("questions").replaceChildren(...data.questions.map((other) => {
    const answers = given.filter((answer) => answer.question === other.number);
    const open = answers.filter((answer) => !isGraded(answer)).length;
    const button = element("button", { textContent: `${other.number}` }, element("small", { textContent: open > 0 ? ` ${open} left` : " ✓" }));
    button.ariaCurrent = String(other === question);
    button.addEventListener("click", () => show(other));
    return button;
  }));
}

function step(by) {
  const next = data.questions[data.questions.indexOf(question) + by];
  if (next) show(next);
}

function nextOpen() {
  const isOpen = (answer) => !isGraded(answer);
  const order = data.questions.flatMap((other) => given.filter((answer) => answer.question === other.number));
  const here = order.indexOf(cards[current]?.answer);
  const open = [...order.slice(here + 1), ...order.slice(0, here + 1)].find(isOpen);
  if (!open) return;
  const place = given.filter((answer) => answer.question === open.question).indexOf(open);
  if (open.question === question.number) go(place);
  else show(data.questions.find((other) => other.number === open.question), place);
}

function save() {
  const entries = given.filter(isGraded).map((answer) => ({ ...answer, ...gradeOf(answer) }));
  const file = new Blob([explainedToml(data.lab, entries)], { type: "application/toml" });
  const link = element("a", { href: URL.createObjectURL(file), download: "explained.toml" });
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 10_000);
}

byId("save").addEventListener("click", save);
byId("help").addEventListener("click", () => byId("keys").showModal());
byId("anonymous").addEventListener("click", (event) => {
  event.target.ariaPressed = String(document.body.classList.toggle("anonymous"));
});
byId("discard").addEventListener("click", () => {
  if (!confirm("Discard all points and comments that were entered since the last run?")) return;
  for (const key of Object.keys(changes)) delete changes[key];
  keep();
  show(question);
});

// ---- Keys ----

const KEYS = {
  c: () => cards[current]?.comment.focus(),
  n: () => go(current + 1),
  Enter: () => go(current + 1),
  p: () => go(current - 1),
  u: nextOpen,
  j: () => step(1),
  k: () => step(-1),
  "?": () => byId("keys").showModal(),
};

document.addEventListener("keydown", (event) => {
  if (event.ctrlKey || event.metaKey || event.altKey || event.isComposing || byId("keys").open) return;
  if (event.target.tagName === "TEXTAREA") {
    if (event.key === "Escape" || (event.key === "Enter" && !event.shiftKey)) {
      event.preventDefault();
      go(current);
    }
    return;
  }
  if (event.key === "Enter" && event.target.closest("button")) return;
  if (/^[0-9]$/.test(event.key) && cards[current]) give(cards[current].answer, Number(event.key));
  else if (KEYS[event.key]) KEYS[event.key]();
  else return;
  event.preventDefault();
});

show(question);
