// Buttons that copy the text of an element: <button data-copy="#id" hidden>. Without a clipboard they stay hidden.

const SAID_MS = 2000;

const enhance = (button) => {
  const label = button.textContent;
  const status = document.createElement("span");
  status.className = "visually-hidden";
  status.setAttribute("role", "status");
  button.after(status);
  const say = (text) => {
    button.textContent = text || label;
    status.textContent = text;
  };
  button.hidden = false;
  button.addEventListener("click", async () => {
    const source = document.querySelector(button.dataset.copy);
    try {
      await navigator.clipboard.writeText(source.textContent);
      say("Copied");
    } catch {
      getSelection().selectAllChildren(source);
      say("Selected: copy it with Ctrl+C");
    }
    setTimeout(say, SAID_MS, "");
  });
};

if (navigator.clipboard) document.querySelectorAll("[data-copy]").forEach(enhance);
