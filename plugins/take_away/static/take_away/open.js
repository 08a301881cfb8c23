// A button touched twice sends once: the second would find the page opened already.
document.querySelector("form").addEventListener("submit", ({ target }) => {
  target.querySelector("button").disabled = true;
});
