// Problems that routes share are described once, at the top of the page. Other programs get the whole document.
function withoutSharedProblems(document) {
  for (const operations of Object.values(document.paths)) {
    for (const operation of Object.values(operations)) {
      for (const [status, response] of Object.entries(operation.responses)) {
        if (response["x-shared-problems"]) {
          delete operation.responses[status];
        }
      }
    }
  }
  return document;
}

async function show() {
  const response = await fetch("openapi.json");
  SwaggerUIBundle({
    spec: withoutSharedProblems(await response.json()),
    dom_id: "#api",
    deepLinking: true,
    defaultModelsExpandDepth: 0,
    validatorUrl: null,
  });
}

show().catch(() => {
  document.getElementById("api").textContent = "The description of the API could not be loaded; reload the page.";
});
