"""What operators type: flask --app roadmap …"""
