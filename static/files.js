/* Upload a file as soon as it is chosen or dropped, and show its progress. Without this script, the
   form uploads files on saving. */
(() => {
  "use strict";
  const announce = (text) => document.dispatchEvent(new CustomEvent("announce", { detail: { value: text } }));

  const prepare = (part) => {
    const { uploads, mostBytes, mostFiles, tooLarge, tooMany, failed, sending, waits, added, same, close } = part.dataset;
    const input = part.querySelector("input[type=file]");
    const list = part.querySelector(".file-choices");
    if (!input) return;
    part.querySelector(".with-script").hidden = false;
    part.querySelector(".without-script").hidden = true;
    const insertName = (text, file) => text.replace("{name}", () => file.name);
    let pending = 0;
    let submitter = null;
    const notice = Object.assign(document.createElement("p"), { className: "muted", textContent: waits });

    // Errors stay above the files until closed.
    let isRefused = false;
    const showError = (row, text) => {
      isRefused = true;
      row.className = "error";
      row.setAttribute("role", "alert");
      row.textContent = `${text} `;
      const button = document.createElement("button");
      button.type = "button";
      button.className = "link";
      button.textContent = close;
      button.addEventListener("click", () => row.remove());
      row.append(button);
      list.prepend(row);
    };
    const showResponse = (row, file, answer) => {
      row.innerHTML = answer;
      for (const one of row.querySelectorAll("li")) {
        const sent = one.querySelector("input");
        const held = [...list.querySelectorAll("input")].find((box) => box.value === sent?.value && !row.contains(box));
        if (!sent) showError(one, one.textContent);
        else if (held) {
          held.checked = true;
          const other = held.closest("li").querySelector("bdi").textContent;
          showError(one, insertName(same, file).replace("{other}", () => other));
        } else {
          row.before(one);
          announce(insertName(added, file));
        }
      }
      row.remove();
    };
    const finish = () => {
      pending -= 1;
      if (pending || submitter === null) return;
      const button = submitter;
      submitter = null;
      notice.remove();
      // Do not submit after a rejected file.
      if (!isRefused) { input.form.requestSubmit(button || undefined); return; }
      const fold = part.closest("details");
      if (fold) fold.open = true;
      list.scrollIntoView({ block: "nearest" });
    };
    const uploadFile = (file) => {
      const row = document.createElement("li");
      list.append(row);
      if (file.size > Number(mostBytes)) { showError(row, insertName(tooLarge, file)); return; }
      const label = document.createElement("label");
      const bar = document.createElement("progress");
      bar.max = 1;
      bar.value = 0;
      label.append(`${insertName(sending, file)} `, bar);
      row.append(label);
      const body = new FormData();
      body.append("new_files", file, file.name);
      const request = new XMLHttpRequest();
      request.open("POST", uploads);
      request.setRequestHeader("X-CSRFToken", input.form.elements.csrf_token.value);
      request.setRequestHeader("HX-Request", "true");
      request.upload.addEventListener("progress", (event) => {
        if (event.lengthComputable) bar.value = event.loaded / event.total;
      });
      request.addEventListener("loadend", () => {
        const isOurs = (request.status === 200 || request.status === 422) && request.responseText.includes("<li");
        if (isOurs) showResponse(row, file, request.responseText);
        else showError(row, insertName(failed, file));
        finish();
      });
      pending += 1;
      request.send(body);
    };
    const uploadFiles = (files) => {
      isRefused = false;
      // Files over the evidence's limit are not sent and use no quota.
      const room = Math.max(0, mostFiles - pending - list.querySelectorAll("input:checked").length);
      for (const file of files.slice(0, room)) uploadFile(file);
      const left = files.slice(room).map((file) => `“${file.name}”`);
      if (!left.length) return;
      const row = document.createElement("li");
      list.append(row);
      const names = left.slice(0, 5).join(", ") + (left.length > 5 ? ` … (${left.length})` : "");
      showError(row, tooMany.replace("{names}", () => names));
    };

    input.addEventListener("change", () => {
      uploadFiles([...input.files]);
      input.value = "";
    });
    input.form.addEventListener("submit", (event) => {
      if (!pending) return;
      event.preventDefault();
      submitter = event.submitter || false;
      [...input.form.querySelectorAll(".actions")].at(-1).after(notice);
      notice.scrollIntoView({ block: "nearest" });
      announce(waits);
    });
    const hasFiles = (event) => [...event.dataTransfer.types].includes("Files");
    // Accept drops on the whole page: a file dropped elsewhere would replace the page and its input.
    window.addEventListener("dragover", (event) => {
      if (!hasFiles(event)) return;
      event.preventDefault();
      const fold = part.closest("details");
      if (fold) fold.open = true;
      part.classList.add("dropping");
    });
    window.addEventListener("dragleave", (event) => {
      if (!event.relatedTarget) part.classList.remove("dropping");
    });
    window.addEventListener("drop", (event) => {
      if (!hasFiles(event)) return;
      event.preventDefault();
      part.classList.remove("dropping");
      uploadFiles([...event.dataTransfer.files]);
      part.scrollIntoView({ block: "nearest" });
    });
  };
  document.querySelectorAll("[data-uploads]").forEach(prepare);
})();
