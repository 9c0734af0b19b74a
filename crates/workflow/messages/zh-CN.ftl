workflow-inbox = 待办
