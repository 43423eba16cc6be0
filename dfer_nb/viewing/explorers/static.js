// Shows an explorer where no kernel runs: finds its data beside this script, and renders the same module with a
// stand-in for anywidget's model. Nothing has an id, so that one page can hold the same explorer twice.
(() => {
  const script = document.currentScript;
  const box = script.parentElement;
  const { esm, state } = JSON.parse(box.querySelector("script[type='application/json']").textContent);
  const listeners = {};
  const model = {
    get: (name) => state[name],
    set: (name, value) => {
      if (JSON.stringify(state[name]) === JSON.stringify(value)) return;
      state[name] = value;
      for (const listener of [...(listeners[`change:${name}`] || [])]) listener();
    },
    save_changes: () => {},
    on: (event, listener) => (listeners[event] ||= []).push(listener),
    off: (event, listener) => (listeners[event] = (listeners[event] || []).filter((one) => one !== listener)),
  };
  const url = URL.createObjectURL(new Blob([esm], { type: "text/javascript" }));
  import(url).then((module) => {
    box.querySelector(".dfer-fallback").remove();
    module.default.render({ model, el: box });
    URL.revokeObjectURL(url);
  });
})();
