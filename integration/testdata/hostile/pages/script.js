canary('{id}');alert('{id}')
