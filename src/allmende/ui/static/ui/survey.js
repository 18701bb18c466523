// Shows a question only after the answers on which it depends. Without this script all are there, and each says when
// it counts; the server drops what was not asked all the same.
const number = (word) => Number.parseFloat(word.replace(",", "."));

function answersTo(form, question) {
  return new FormData(form).getAll(`f-${question}`).map(String).filter((word) => word.trim() !== "");
}

function holds(when, words) {
  if (!words?.length) return false;
  if (when.options.length) return words.some((word) => when.options.includes(Number(word)));
  const value = number(words[0]);
  return !Number.isNaN(value) && (when.least === null || value >= when.least) && (when.most === null || value <= when.most);
}

for (const form of document.querySelectorAll("form[data-survey]")) {
  const parts = Array.from(form.querySelectorAll("[data-question]"));
  const look = () => {
    const answers = new Map();
    for (const part of parts) {
      const when = part.dataset.when ? JSON.parse(part.dataset.when) : null;
      part.hidden = Boolean(when) && !holds(when, answers.get(when.question));
      if (!part.hidden) answers.set(Number(part.dataset.question), answersTo(form, part.dataset.question));
    }
  };
  form.classList.add("scripted");
  form.addEventListener("input", look);
  // A draft that comes back fills the fields in without an event.
  addEventListener("pageshow", look);
  look();
}
