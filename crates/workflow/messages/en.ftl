workflow-inbox = To do
